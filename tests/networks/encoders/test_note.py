"""Notes: padding says nothing, and any Hugging Face encoder fits."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.networks.encoders.note import BagNoteEncoder, NoteEncoder, PretrainedNoteEncoder

IDS = torch.tensor([[2, 7, 9, 3, 0, 0], [2, 8, 3, 0, 0, 0]])


@pytest.fixture(scope="module")
def small() -> NoteEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return NoteEncoder(50, width=16, max_tokens=12, heads=2).eval()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import BertConfig, BertModel

    config = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
    path = tmp_path_factory.mktemp("bert")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        BertModel(config).save_pretrained(path)
    return path


def test_a_note_becomes_one_token(small: NoteEncoder) -> None:
    assert small(IDS).shape == (2, 1, 16)


def test_more_padding_changes_nothing(small: NoteEncoder) -> None:
    torch.testing.assert_close(small(torch.nn.functional.pad(IDS, (0, 4))), small(IDS))


def test_order_of_words_counts_once_positions_are_learned(small: NoteEncoder) -> None:
    with torch.no_grad():
        small.position.normal_(generator=torch.Generator().manual_seed(1))
    assert not torch.allclose(small(IDS), small(IDS[:, [0, 2, 1, 3, 4, 5]]))


def test_note_of_padding_only_is_finite(small: NoteEncoder) -> None:
    assert torch.isfinite(small(torch.zeros(1, 6, dtype=torch.int64))).all()


def test_pretrained_encoder_takes_a_folder_and_ignores_padding(folder: Path) -> None:
    model = PretrainedNoteEncoder(str(folder), width=8).eval()
    assert model(IDS).shape == (2, 1, 8)
    torch.testing.assert_close(model(torch.nn.functional.pad(IDS, (0, 4))), model(IDS))


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_weights_get_no_gradient_and_stay_in_evaluation(folder: Path, frozen: bool) -> None:
    model = PretrainedNoteEncoder(str(folder), width=8, frozen=frozen).train()
    model(IDS).sum().backward()
    assert model.model.training is not frozen
    assert any(weight.grad is not None for weight in model.model.parameters()) is not frozen
    assert model.project.weight.grad is not None


def test_a_bag_does_not_know_the_order_of_words_nor_the_padding() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        bag = BagNoteEncoder(50, width=16).eval()
    turned = torch.tensor([[9, 2, 3, 7, 0, 0], [3, 8, 2, 0, 0, 0]])
    torch.testing.assert_close(bag(turned), bag(IDS))
    assert not torch.equal(bag(IDS)[0], bag(IDS)[1])


def test_token_of_a_bag_is_as_long_for_a_short_note_as_for_a_long_one() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        bag = BagNoteEncoder(50, width=16).eval()
    notes = torch.tensor([[7] + [0] * 19, list(range(2, 22))])
    lengths = bag(notes).norm(dim=2)
    torch.testing.assert_close(lengths, torch.full_like(lengths, 4.0), atol=1e-2, rtol=0)
