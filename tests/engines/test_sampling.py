from __future__ import annotations

import pytest

from monai_app.engines.sampling import EpochBatches, Order


def rows(batches: EpochBatches) -> list[int]:
    return [row for batch in batches for _, row in batch]


def test_every_row_comes_once_an_epoch() -> None:
    batches = EpochBatches(23, 4, seed=3)
    assert sorted(rows(batches)) == list(range(23))
    assert len(list(batches)) == len(batches) == 6


def test_order_depends_on_seed_and_epoch_only() -> None:
    one, other = EpochBatches(50, 4, seed=3), EpochBatches(50, 7, seed=3)
    assert rows(one) == rows(other)
    other.start_at(2)
    assert rows(one) != rows(other)
    assert rows(one) != rows(EpochBatches(50, 4, seed=4))


def test_starting_at_a_batch_leaves_out_exactly_the_ones_before() -> None:
    whole, late = EpochBatches(23, 4), EpochBatches(23, 4)
    late.start_at(1, 3)
    assert list(late) == list(whole)[3:]


def test_keys_carry_the_epoch() -> None:
    batches = EpochBatches(3, 2, order=Order.SEQUENTIAL)
    batches.start_at(5)
    assert list(batches) == [[(5, 0), (5, 1)], [(5, 2)]]


def test_processes_share_an_epoch_in_equal_parts() -> None:
    parts = [EpochBatches(10, 2, seed=1, rank=rank, world_size=3) for rank in range(3)]
    assert {len(list(part)) for part in parts} == {2}
    seen = [row for part in parts for row in rows(part)]
    assert set(seen) == set(range(10)) and len(seen) == 12


def test_balanced_order_draws_by_weight() -> None:
    batches = EpochBatches(100, 10, order=Order.BALANCED, row_weights=[0.0] * 90 + [1.0] * 10)
    assert set(rows(batches)) <= set(range(90, 100))


def test_a_number_of_draws_makes_epochs_of_that_length() -> None:
    for few in (3, 300):
        batches = EpochBatches(20, 8, order=Order.BALANCED, row_weights=[1.0] * 20, draws=few)
        assert len(rows(batches)) == few and len(batches) == len(list(batches))
    assert vars(EpochBatches(4, 2)).keys() == {
        "rows", "batch_size", "order", "seed", "row_weights", "rank", "world_size", "epoch", "first_batch"
    }  # fmt: skip


def test_nonsense_is_refused() -> None:
    for order, weights, draws in ((Order.SHUFFLED, None, 4), (Order.BALANCED, [1.0] * 4, 0)):
        with pytest.raises(ValueError, match="draws"):
            EpochBatches(4, 2, order=order, row_weights=weights, draws=draws)
    with pytest.raises(ValueError, match="positive"):
        EpochBatches(0, 4)
    with pytest.raises(ValueError, match="balanced"):
        EpochBatches(4, 2, row_weights=[1.0] * 4)
