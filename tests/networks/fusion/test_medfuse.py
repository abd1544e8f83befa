"""MedFuse: an absent modality is a shorter sequence, and the film comes last."""

from __future__ import annotations

import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.medfuse import MedFuse

NAMES = ("film", "series", "table", "note")


def fusion(spec: ModelSpec) -> MedFuse:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MedFuse(spec, width=8, hidden=16).eval()


def tokens() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(2, 1, 8, generator=generator) for name in NAMES}


def test_records_come_before_the_film(spec: ModelSpec) -> None:
    assert [NAMES[index] for index in fusion(spec).order] == ["series", "table", "note", "film"]


def test_absent_modality_is_skipped_as_in_a_packed_sequence(spec: ModelSpec) -> None:
    network, given = fusion(spec), tokens()
    present = torch.tensor([[1, 1, 0, 0], [1, 1, 0, 0]]).bool()
    state = memory = torch.zeros(2, 16)
    for name in ("series", "film"):
        state, memory = network.cell(given[name][:, 0], (state, memory))
    torch.testing.assert_close(network(given, present).logits, network.heads(state))


def test_presence_is_per_sample(spec: ModelSpec) -> None:
    network, given = fusion(spec), tokens()
    both = network(given, torch.tensor([[1, 1, 1, 1], [0, 1, 1, 1]]).bool())
    everywhere = network(given, torch.ones(2, 4).bool())
    torch.testing.assert_close(both.logits["death"][0], everywhere.logits["death"][0])
    assert not torch.allclose(both.logits["death"][1], everywhere.logits["death"][1])
