"""What the processor can do, and how much memory this process has taken."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def has_bf16(device: torch.device) -> bool:
    """Whether the processor multiplies bf16 matrices natively (CPU: AMX or AVX512-BF16; CUDA: Ampere and later)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def resident_bytes() -> int:
    """Memory that this process holds now; its peak where the system does not tell."""
    return _status("VmRSS") or peak_bytes()


def peak_bytes() -> int:
    """Most memory that this process has held since it started, or since :func:`reset_peak`."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status("VmHWM") or (kilobytes if sys.platform == "darwin" else kilobytes * 1024)


def reset_peak() -> bool:
    """Forget the peak, where the system allows (Linux); whether it did."""
    try:
        with _CLEAR.open("w") as stream:
            stream.write("5")
    except OSError:
        return False
    return True


def _status(field: str) -> int:
    if not _STATUS.is_file():
        return 0
    lines = [line.split() for line in _STATUS.read_text().splitlines() if line.startswith(f"{field}:")]
    return int(lines[0][1]) * 1024 if lines else 0


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: for many small operations, which wait for a second thread longer than it saves."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
