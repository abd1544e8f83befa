"""ShaSpec: what is missing is replaced by what the present modalities share."""

from __future__ import annotations

import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.shaspec import ShaSpec, complete_shared, misalignment

NAMES = ("film", "series", "table", "note")
SHARED = torch.tensor([[[1.0, 2.0], [3.0, 6.0], [9.0, 9.0]]])
TWO = torch.tensor([[True, True, False]])


def test_missing_shared_feature_is_the_mean_of_the_present_ones() -> None:
    assert complete_shared(SHARED, TWO).tolist() == [[[1.0, 2.0], [3.0, 6.0], [2.0, 4.0]]]


def test_lone_modality_stands_for_all() -> None:
    assert complete_shared(SHARED, torch.tensor([[False, False, True]])).tolist() == [[[9.0, 9.0]] * 3]


def test_misalignment_is_over_pairs_present() -> None:
    assert misalignment(SHARED, TWO).tolist() == [3.0]
    assert misalignment(SHARED, torch.tensor([[True, False, False]])).tolist() == [0.0]
    assert misalignment(SHARED[:, :1].expand(1, 3, 2), torch.ones(1, 3).bool()).tolist() == [0.0]


def test_missing_modality_has_no_specific_part(spec: ModelSpec) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ShaSpec(spec, width=8).eval()
        tokens = {name: torch.randn(1, 2, 8) for name in NAMES}
    present = torch.tensor([[False, True, True, True]])
    before = network(tokens, present)
    torch.nn.init.normal_(network.specific["film"][0].weight, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(network(tokens, present).logits, before.logits, rtol=0, atol=0)
    torch.testing.assert_close(network(tokens, present).auxiliary, before.auxiliary, rtol=0, atol=0)


def test_domain_is_the_entropy_of_guessing_where_nothing_is_told(spec: ModelSpec) -> None:
    network = ShaSpec(spec, width=8).eval()
    torch.nn.init.zeros_(network.domain.weight)
    torch.nn.init.zeros_(network.domain.bias)
    tokens = {name: torch.ones(1, 2, 8) for name in NAMES}
    output = network(tokens, torch.tensor([[True, False, True, False]]))
    torch.testing.assert_close(output.auxiliary["domain"], torch.tensor([4.0]).log())
