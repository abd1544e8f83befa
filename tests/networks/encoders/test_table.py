"""Tables: unknown is not the mean, and a censored value is not an unknown one."""

from __future__ import annotations

import numpy as np
import torch

from monai_app.networks.encoders.table import TableEncoder


def encoder() -> TableEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = TableEncoder(3, width=8, hidden=16).eval()
    made.set_statistics({"table_mean": np.array([5.0, 0, 0]), "table_std": np.array([2.0, 1, 1])})
    return made


def token(value: float, censored: float = 0.0) -> torch.Tensor:
    table = torch.zeros(1, 2, 3)
    table[0, :, 0] = torch.tensor([value, censored])
    return encoder()(table)


def test_a_table_becomes_one_token() -> None:
    assert token(5.0).shape == (1, 1, 8) and torch.isfinite(token(torch.nan)).all()


def test_unknown_differs_from_the_mean_and_from_both_limits() -> None:
    tokens = [token(5.0), token(torch.nan), token(torch.nan, 1.0), token(torch.nan, -1.0)]
    assert all(not torch.allclose(one, other) for i, one in enumerate(tokens) for other in tokens[:i])


def test_unknown_flag_counts_as_measured() -> None:
    torch.testing.assert_close(token(4.0, torch.nan), token(4.0))
