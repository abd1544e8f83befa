from __future__ import annotations

import numpy as np
import torch

from monai_app.core.processor import has_bf16, one_thread, peak_bytes, reset_peak, resident_bytes


def test_no_bf16_on_a_device_nobody_asked_for() -> None:
    assert not has_bf16(torch.device("meta"))


def test_peak_remembers_what_was_given_back_until_it_is_reset() -> None:
    before = resident_bytes()
    block = np.ones(64 << 20, np.uint8)
    del block
    assert peak_bytes() >= before + (60 << 20)
    if reset_peak():
        assert peak_bytes() < before + (60 << 20)


def test_one_thread_is_given_back() -> None:
    threads = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == threads
