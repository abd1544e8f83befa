"""Rendering of images on demand, a few ahead of the writer, so that a cohort of any size fits in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from monai_app.phantom.examination import ImageRow, MaskRow, Rendered

_AHEAD = 4


class Examination(Protocol):
    """Something that renders into files whose paths are known before."""

    @property
    def rows(self) -> list[ImageRow]:
        """Rows of the image index."""

    @property
    def masks(self) -> list[MaskRow]:
        """Its masks."""

    def render(self) -> Rendered:
        """Make the files."""


class Darkroom:
    """Renders examinations in order, a few ahead of what is asked for.

    Attributes:
        images: content by image path; each can be taken once, in the order of the examinations.
        masks: content by mask path; kept, since masks are small, and complete once all images were taken.
    """

    def __init__(
        self, examinations: Sequence[Examination], *, workers: int, on_rendered: Callable[[], None] | None = None
    ) -> None:
        self._examinations = examinations
        self._workers = workers
        self._on_rendered = on_rendered or (lambda: None)
        self._ready: dict[str, bytes] = {}
        self._masks: dict[str, bytes] = {}
        self._stream = self._render_all()
        image_paths = {row.path for exam in examinations for row in exam.rows}
        mask_paths = {row.mask for exam in examinations for row in exam.masks}
        self.images: Mapping[str, bytes] = _Files(image_paths, self._take_image)
        self.masks: Mapping[str, bytes] = _Files(mask_paths, self._take_mask)

    def _render_all(self) -> Iterator[Rendered]:
        with ThreadPoolExecutor(self._workers) as pool:
            pending: list[Future[Rendered]] = []
            for examination in self._examinations:
                pending.append(pool.submit(examination.render))
                if len(pending) > _AHEAD:
                    yield pending.pop(0).result()
            while pending:
                yield pending.pop(0).result()

    def _develop_until(self, files: dict[str, bytes], path: str) -> None:
        while path not in files:
            rendered = next(self._stream)
            self._ready.update(rendered.images)
            self._masks.update(rendered.masks)
            self._on_rendered()

    def _take_image(self, path: str) -> bytes:
        self._develop_until(self._ready, path)
        return self._ready.pop(path)

    def _take_mask(self, path: str) -> bytes:
        self._develop_until(self._masks, path)
        return self._masks[path]


class _Files(Mapping[str, bytes]):
    """A read-only mapping whose values are made when asked for."""

    def __init__(self, paths: set[str], take: Callable[[str], bytes]) -> None:
        self._paths, self._take = sorted(paths), take
        self._known = paths

    def __getitem__(self, path: str) -> bytes:
        if path not in self._known:
            raise KeyError(path)
        return self._take(path)

    def __contains__(self, path: object) -> bool:
        return path in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
