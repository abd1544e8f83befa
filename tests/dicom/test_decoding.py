"""Decoding in a child process: the same pixels as in this one, and every way to misbehave ends in a typed error."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid

from monai_app.core.errors import AppError, InputRejected
from monai_app.dicom import decoding
from monai_app.dicom.decoding import DecodeLimits, DecoderPool, Frame, decode
from tests.faults.compressed import code_stream, texture

PIXELS = texture(96, 80)


def frame_of(pixels: np.ndarray, **options: int | str) -> Frame:
    described = {
        "rows": pixels.shape[0],
        "columns": pixels.shape[1],
        "samples_per_pixel": 1,
        "bits_allocated": 16,
        "bits_stored": 12,
        "photometric_interpretation": "MONOCHROME2",
        "pixel_representation": int(np.issubdtype(pixels.dtype, np.signedinteger)),
    }
    return Frame(uid.JPEG2000Lossless, code_stream(pixels), described | options)


FRAME = frame_of(PIXELS)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    """A pool of one child that gives up after a minute."""
    pool = DecoderPool(1, limits=DecodeLimits(wall_seconds=60.0))
    yield pool
    pool.close()


def child_of(pool: DecoderPool) -> Any:
    (child,) = pool._idle
    return child


def test_pixels_come_back_as_they_were(pool: DecoderPool) -> None:
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)
    signed = PIXELS.astype(np.int16) - 2048
    np.testing.assert_array_equal(pool.decode(frame_of(signed)), signed)


def test_a_child_is_reused_and_serves_many_threads(pool: DecoderPool) -> None:
    pool.decode(FRAME)
    pid = child_of(pool).pid
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: pool.decode(FRAME), range(8)))
    assert all(np.array_equal(result, PIXELS) for result in results)
    assert child_of(pool).pid == pid


def test_a_frame_that_cannot_be_decoded_leaves_the_child_alive(pool: DecoderPool) -> None:
    pool.decode(FRAME)
    pid = child_of(pool).pid
    for data in (b"", b"\xff\x4f\xff\x51", FRAME.data[:200], os.urandom(300)):
        with pytest.raises(InputRejected, match="DECODE_FAILED"):
            pool.decode(replace(FRAME, data=data))
    assert child_of(pool).pid == pid
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)


def test_a_child_that_hangs_is_killed_and_replaced() -> None:
    pool = DecoderPool(1)
    pool.decode(FRAME)
    pid = child_of(pool).pid
    pool._limits = DecodeLimits(wall_seconds=0.3)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(InputRejected, match="DECODE_TIMEOUT"):
        pool.decode(FRAME)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    pool._limits = DecodeLimits()
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)
    pool.close()


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, "DECODE_MEMORY"),  # by the kernel, where memory runs out
        (signal.SIGXCPU, "DECODE_TIMEOUT"),  # by the kernel, where its processor time is used up
        (signal.SIGSEGV, "DECODE_FAILED"),
    ],
)
def test_a_child_that_dies_at_work_is_told_by_how_it_died(
    pool: DecoderPool, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    pool.decode(FRAME)
    child = child_of(pool)
    write = type(child)._write

    def die(self: Any, data: bytes, until: float) -> None:
        write(self, data, until)
        os.kill(self.pid, number)

    monkeypatch.setattr(type(child), "_write", die)
    with pytest.raises(InputRejected, match=code):
        pool.decode(FRAME)
    monkeypatch.undo()
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)


def test_a_child_that_died_while_idle_is_replaced_unseen(pool: DecoderPool) -> None:
    pool.decode(FRAME)
    child = child_of(pool)
    os.kill(child.pid, signal.SIGKILL)
    child._process.wait()
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)


def test_memory_is_bounded_by_the_size_of_the_image() -> None:
    big = frame_of(texture(1024, 1024))
    pool = DecoderPool(1, limits=DecodeLimits(spare_bytes=1 << 20, bytes_per_pixel=0))
    with pytest.raises(InputRejected, match="DECODE_MEMORY"):
        pool.decode(big)
    pool.close()


def test_an_answer_of_another_size_is_not_believed(pool: DecoderPool) -> None:
    with pytest.raises(InputRejected, match="HEADER_MISMATCH|DECODE_FAILED"):
        pool.decode(replace(FRAME, options={**FRAME.options, "rows": 48}))
    np.testing.assert_array_equal(pool.decode(FRAME), PIXELS)


def test_the_child_holds_no_secrets_and_cannot_write_files(pool: DecoderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "canary")
    fresh = DecoderPool(1)
    fresh.decode(FRAME)
    proc = Path(f"/proc/{child_of(fresh).pid}")
    assert b"canary" not in (proc / "environ").read_bytes()
    limits = (proc / "limits").read_text()
    (size,) = (line.split()[3] for line in limits.splitlines() if line.startswith("Max file size"))
    assert size == "0"
    assert len(list((proc / "fd").iterdir())) < 8
    fresh.close()


def test_a_decoder_that_does_not_start_is_a_failure_not_a_bad_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit(1)")
    monkeypatch.setattr(decoding, "_WORKER", broken)
    with pytest.raises(AppError, match="DECODER_UNAVAILABLE") as error:
        DecoderPool(1).decode(FRAME)
    assert error.value.exit_code == 1


def _decode_in_fork(queue: Any) -> None:
    queue.put(decode(FRAME).tobytes())


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_children_of_its_own() -> None:
    decode(FRAME)
    context = get_context("fork")
    queue = context.Queue()
    process = context.Process(target=_decode_in_fork, args=(queue,))
    process.start()
    assert queue.get(timeout=60) == PIXELS.tobytes()
    process.join(60)
    assert process.exitcode == 0
    np.testing.assert_array_equal(decode(FRAME), PIXELS)
