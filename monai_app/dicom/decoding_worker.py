"""The process that decodes foreign pixels: it reads one request after the other on stdin and answers on stdout.

It is started by its path and imports nothing of this package, so that it starts quickly and holds nothing worth
stealing. Requests come from :mod:`monai_app.dicom.decoding`; answers are plain bytes, never a pickle.

A request is a JSON object behind its length (4 bytes), then ``bytes`` bytes of one compressed frame. An answer is a
status, a dtype, rows and columns, then the pixels; or a status and the name of an exception.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import struct
import sys
import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

OK, FAILED, MEMORY = 0, 1, 2
ANSWER = struct.Struct("<B3sII")
"""Status, dtype such as ``<u2``, rows and columns; where it failed, rows is the length of the name that follows."""

_DESCRIPTORS = 64
_MOST_BYTES = 4 << 30
"""Beyond this no request can raise the limit: 100 million pixels, the largest film, take 3.4 GiB."""


def main() -> None:
    """Serve until stdin ends."""
    source, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    sys.stdout = sys.stderr  # a chatty library must not write into the answers
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    _load_decoders()
    base_bytes = _confine()
    answers.write(b"ready")
    answers.flush()
    while size := source.read(4):
        request = json.loads(source.read(int.from_bytes(size, "big")))
        data = source.read(request["bytes"])
        _limit(base_bytes + request["memory_bytes"], request["seconds"])
        _answer(answers, request, data)


def _load_decoders() -> None:
    """Import every plugin now: after :func:`_confine` there are few file descriptors and no second chance."""
    from pydicom.pixels import get_decoder
    from pydicom.uid import JPEG2000, HTJ2KLossless, JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless, RLELossless

    for syntax in (JPEG2000, HTJ2KLossless, JPEGBaseline8Bit, JPEGLSLossless, JPEGLosslessSV1, RLELossless):
        _ = get_decoder(syntax).is_available
    importlib.import_module("PIL.Jpeg2KImagePlugin")


def _confine() -> int:
    """Take away what decoding does not need; the address space that is in use so far, bytes."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    base_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most_bytes = base_bytes + _MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    return base_bytes


def _limit(memory_bytes: int, seconds: float) -> None:
    """Bound the address space and the processor time of one request; SIGXCPU ends what spins."""
    _, most_bytes = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (min(memory_bytes, most_bytes), most_bytes))
    used = resource.getrusage(resource.RUSAGE_SELF)
    most_seconds = int(used.ru_utime + used.ru_stime + seconds) + 1  # whole seconds
    resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, resource.RLIM_INFINITY))


def _answer(answers: BinaryIO, request: dict[str, Any], data: bytes) -> None:
    try:
        pixels = np.ascontiguousarray(_decode(request, data))
    except Exception as error:
        status = MEMORY if isinstance(error, MemoryError) or _says_memory(error) else FAILED
        name = type(error).__name__.encode()[:40]
        answers.write(ANSWER.pack(status, b"", len(name), 0) + name)
    else:
        answers.write(ANSWER.pack(OK, pixels.dtype.str.encode(), *pixels.shape))
        answers.write(pixels.data.cast("B"))
    answers.flush()


def _says_memory(error: BaseException) -> bool:
    """Decoders in C report a failed allocation as text."""
    return any(word in str(error).lower() for word in ("memory", "alloc"))


def _decode(request: dict[str, Any], data: bytes) -> np.ndarray[Any, Any]:
    """One frame as (rows, columns)."""
    if request["level"]:
        return _reduced(data, request)
    from pydicom.encaps import encapsulate
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    options = {**request["options"], "number_of_frames": 1, "pixel_keyword": "PixelData"}
    pixels, _ = get_decoder(UID(request["syntax"])).as_array(encapsulate([data]), index=0, raw=True, **options)
    return pixels


def _reduced(data: bytes, request: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The image of a coarser wavelet level (ISO 15444-1, annex F): each level halves the sides, rounded up.

    Pillow hands the level to OpenJPEG, but rounds the size of its own buffer down; here it is set as the standard
    has it. It also shifts values to 16 bits and signed ones upwards, which is undone.
    """
    from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile

    level, bits, signed = request["level"], request["precision"], request["signed"]
    image = Jpeg2KImageFile(io.BytesIO(data))
    size = tuple((side + (1 << level) - 1) >> level for side in image.size)
    tile = image.tile[0]
    codec, _, *rest = tuple(tile.args or ())
    image._size = (size[0], size[1])
    image.tile = [tile._replace(extents=(0, 0, *image._size), args=(codec, level, *rest))]
    shown = np.asarray(image)
    values = np.asarray(shown >> shown.dtype.type(shown.dtype.itemsize * 8 - bits), np.int32)
    kind = f"<{'i' if signed else 'u'}{request['options']['bits_allocated'] // 8}"
    return (values - (1 << bits - 1 if signed else 0)).astype(kind)


if __name__ == "__main__":
    main()
