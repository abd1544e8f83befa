"""Decoding untrusted compressed pixels in a child process whose memory, time and files are limited.

A decoder in C that is fed foreign bytes may crash, spin or fill the memory; here that costs a child, which is killed
and replaced, and the caller gets a typed error. A few children are kept and reused, since starting one takes a second.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.core.errors import AppError, InputRejected
from monai_app.dicom.area import Stored
from monai_app.dicom.decoding_worker import ANSWER, FAILED, MEMORY, OK

PROCESSOR_SECONDS = 30.0
"""Processor time for one frame; a film of 20 million pixels takes 3 s here. The kernel ends a child that spins."""

WALL_SECONDS = 300.0
"""Time on the wall for one frame: on a crowded machine a sound frame waits long for its turn."""

START_SECONDS = 600.0
"""Time on the wall until a child is ready; one that cannot start ends at once."""

SPARE_BYTES = 256 << 20
"""Memory for one frame whatever its size."""

BYTES_PER_PIXEL = 32
"""Memory for one frame per pixel of its header: OpenJPEG takes 12 to 20."""

MAX_CHILDREN = 4

_WORKER = Path(__file__).with_name("decoding_worker.py")
_PIPE_BYTES = 1 << 20
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_DTYPES = {b"|u1": np.uint8, b"|i1": np.int8, b"<u2": np.uint16, b"<i2": np.int16}


@dataclass(frozen=True)
class DecodeLimits:
    """What one frame may cost."""

    processor_seconds: float = PROCESSOR_SECONDS
    wall_seconds: float = WALL_SECONDS
    spare_bytes: int = SPARE_BYTES
    bytes_per_pixel: int = BYTES_PER_PIXEL


@dataclass(frozen=True)
class Frame:
    """One compressed frame of one sample per pixel.

    Attributes:
        syntax: transfer syntax UID.
        data: the code stream, without encapsulation.
        options: rows, columns, samples_per_pixel, bits_allocated, bits_stored, photometric_interpretation and
            pixel_representation, as the header has them.
        level: wavelet level of a JPEG 2000 stream; 0 is the full image, each level halves it.
        precision: bits of the code stream's samples; needed for a level above 0.
        signed: whether they are signed.
    """

    syntax: str
    data: bytes = field(repr=False)
    options: Mapping[str, int | str]
    level: int = 0
    precision: int = 0
    signed: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) that decoding must give."""
        scale = (1 << self.level) - 1
        rows, columns = int(self.options["rows"]), int(self.options["columns"])
        return (rows + scale) >> self.level, (columns + scale) >> self.level


class DecoderPool:
    """Children that decode; safe to use from several threads, each of which takes one child at a time."""

    def __init__(self, children: int | None = None, *, limits: DecodeLimits | None = None) -> None:
        self._limits = limits or DecodeLimits()
        self._places = threading.Semaphore(children or max(1, min(MAX_CHILDREN, len(os.sched_getaffinity(0)))))
        self._idle: list[_Child] = []
        self._lock = threading.Lock()

    def decode(self, frame: Frame) -> Stored:
        """Stored values (rows, columns) of a frame.

        Raises:
            InputRejected: ``DECODE_TIMEOUT``, ``DECODE_MEMORY``, ``DECODE_FAILED`` or ``HEADER_MISMATCH``.
        """
        with self._places:
            child = self._take()
            try:
                pixels = child.decode(frame, self._limits)
            except _Refused as refused:  # the child lives on
                self._give(child)
                raise refused.error from None
            except BaseException:
                child.kill()
                raise
            self._give(child)
            return pixels

    def close(self) -> None:
        """End the idle children."""
        with self._lock:
            children, self._idle = self._idle, []
        for child in children:
            child.kill()

    def _take(self) -> _Child:
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                return _Child()
            if child.alive:
                return child
            child.kill()

    def _give(self, child: _Child) -> None:
        with self._lock:
            self._idle.append(child)


class _Refused(Exception):  # noqa: N818 - as InputRejected
    """The child answered with a fault of the frame."""

    def __init__(self, error: InputRejected) -> None:
        self.error = error


class _Child:
    """One process and the pipes to it."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(  # -P: modules beside the worker must not shadow those that it imports
            [sys.executable, "-P", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
            cwd="/",
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        for handle in (self._to, self._from):
            os.set_blocking(handle, False)
            with suppress(OSError):  # it may be more than the system allows; then it is only slower
                fcntl.fcntl(handle, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            ready = self._read(5, time.monotonic() + START_SECONDS)
        except InputRejected:
            ready = b""
        if ready != b"ready":
            self.kill()
            raise AppError(
                "DECODER_UNAVAILABLE",
                "the process that decodes pixels does not start",
                remedy="Reinstall the package with its decoders (pylibjpeg, python-gdcm, pillow).",
            )

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def decode(self, frame: Frame, limits: DecodeLimits) -> Stored:
        """As :meth:`DecoderPool.decode`; :class:`_Refused` where the child may go on."""
        until = time.monotonic() + limits.wall_seconds
        pixels_promised = int(frame.options["rows"]) * int(frame.options["columns"])
        request = {
            "syntax": frame.syntax,
            "options": dict(frame.options),
            "level": frame.level,
            "precision": frame.precision,
            "signed": frame.signed,
            "bytes": len(frame.data),
            "seconds": limits.processor_seconds,
            "memory_bytes": limits.spare_bytes + limits.bytes_per_pixel * pixels_promised,
        }
        head = json.dumps(request).encode()
        self._write(len(head).to_bytes(4, "big") + head, until)
        self._write(frame.data, until)
        status, kind, rows, columns = ANSWER.unpack(self._read(ANSWER.size, until))
        if status == MEMORY:
            raise _memory()
        if status == FAILED:
            name = self._read(min(rows, 40), until).decode("ascii", "replace")
            raise _Refused(_failed(name if name.isidentifier() else ""))
        if status != OK or kind not in _DTYPES or (rows, columns) != frame.shape:
            raise InputRejected(
                "HEADER_MISMATCH",
                "the decoded image has another size than the header",
                got=(rows, columns),
                expected=frame.shape,
            )
        pixels = np.empty((rows, columns), _DTYPES[kind])
        self._read_into(pixels.data.cast("B"), until)
        return pixels

    def _write(self, data: bytes, until: float) -> None:
        left = memoryview(data)
        while left:
            self._wait(until, write=True)
            try:
                left = left[os.write(self._to, left) :]
            except BlockingIOError:
                continue
            except OSError:
                raise self._died() from None

    def _read(self, size: int, until: float) -> bytes:
        data = bytearray(size)
        self._read_into(memoryview(data), until)
        return bytes(data)

    def _read_into(self, target: memoryview, until: float) -> None:
        while target:
            self._wait(until, write=False)
            try:
                count = os.readv(self._from, [target])
            except BlockingIOError:
                continue
            if count == 0:
                raise self._died()
            target = target[count:]

    def _wait(self, until: float, *, write: bool) -> None:
        left = until - time.monotonic()
        handles: tuple[list[int], list[int]] = ([], [self._to]) if write else ([self._from], [])
        if left <= 0 or not any(select.select(*handles, [], left)):
            raise _timeout()

    def _died(self) -> InputRejected:
        """The process ended: it crashed, or was killed for its memory."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        number = -(self._process.returncode or 0)
        if number == signal.SIGXCPU:
            return _timeout()
        return _memory() if number == signal.SIGKILL else _failed("a crash of the decoder")


def _failed(got: str) -> InputRejected:
    return InputRejected(
        "DECODE_FAILED",
        "the compressed pixel data cannot be decoded",
        got=got,
        remedy="Transfer the file again, or decompress it with dcmdjpeg.",
    )


def _timeout() -> InputRejected:
    return InputRejected(
        "DECODE_TIMEOUT",
        "decoding the compressed pixel data takes too long",
        remedy="Transfer the file again, or decompress it with dcmdjpeg.",
    )


def _memory() -> InputRejected:
    return InputRejected(
        "DECODE_MEMORY",
        "decoding the compressed pixel data needs more memory than an image of its size may",
        remedy="Do not trust where the file came from; it may be built to fill the memory.",
    )


_shared: list[DecoderPool] = []
_forgotten: list[Any] = []
_shared_lock = threading.Lock()


def decode(frame: Frame) -> Stored:
    """:meth:`DecoderPool.decode` of the pool that this process shares."""
    with _shared_lock:
        if not _shared:
            _shared.append(DecoderPool())
        pool = _shared[0]
    return pool.decode(frame)


def _close() -> None:
    for pool in _shared:
        pool.close()


def _forget() -> None:
    """After a fork the children belong to the parent; they are kept unused, since collecting them would warn."""
    global _shared_lock
    _forgotten.extend(_shared)
    _shared.clear()
    _shared_lock = threading.Lock()


atexit.register(_close)
os.register_at_fork(after_in_child=_forget)
