"""Sampled fusion decides from pooled features and presence bits; absent modalities say nothing."""

from __future__ import annotations

import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.sampled import SampledFusion

PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]]).bool()


def test_bytes_of_an_absent_modality_change_no_bit_and_its_presence_does(spec: ModelSpec) -> None:
    generator = torch.Generator().manual_seed(0)
    tokens = {name: torch.randn(3, 2, 8, generator=generator) for name in ("film", "series", "table", "note")}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        fusion = SampledFusion(spec, width=8, hidden=16).eval()
    output = fusion(tokens, PRESENT)
    spoiled = {name: value.masked_fill(~PRESENT[:, m, None, None], torch.nan) for m, (name, value) in
               enumerate(tokens.items())}  # fmt: skip
    again = fusion(spoiled, PRESENT)
    assert all(torch.equal(again.logits[task], output.logits[task]) for task in output.logits)
    fewer = PRESENT.clone()
    fewer[0, 0] = False
    assert not torch.equal(fusion(tokens, fewer).logits["death"][0], output.logits["death"][0])
    assert torch.equal(fusion(tokens, fewer).logits["death"][1:], output.logits["death"][1:])
