"""What a private training takes from elsewhere needs the user's word, or has to be private itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.engines.private import public_features, public_hashes, public_start, vouched
from tests.generate.synthetic.test_gate import statement


def test_pretrained_weights_need_the_users_word(tmp_path: Path) -> None:
    network = torch.nn.ModuleDict({"encoders": torch.nn.ModuleDict()})
    assert public_start(network, None) is network
    with pytest.raises(InputRejected, match="DP_PRETRAINED.*public_pretraining"):
        public_start(network, str(tmp_path))
    assert public_start(network, str(tmp_path), public=True) is network


def test_privately_trained_weights_vouch_for_themselves_where_their_spending_is_added_up(tmp_path: Path) -> None:
    asked = {"public": False, "option": "public_autoencoder"}
    with pytest.raises(InputRejected, match="DP_PRETRAINED.*public_autoencoder"):
        vouched(str(tmp_path), **asked, private=True)  # type: ignore[arg-type]
    statement(2.0).write(tmp_path)
    assert vouched(str(tmp_path), **asked, private=True) == str(tmp_path)  # type: ignore[arg-type]
    with pytest.raises(InputRejected, match="DP_PRETRAINED"):
        vouched(str(tmp_path), **asked)  # type: ignore[arg-type]
    assert vouched(None, **asked) is None  # type: ignore[arg-type]


def test_hashes_name_public_weights_and_leave_out_private_ones(tmp_path: Path) -> None:
    digest = save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)})
    assert public_hashes([str(tmp_path), None]) == (digest,)
    statement(2.0).write(tmp_path)
    assert public_hashes([str(tmp_path)]) == ()


def test_features_that_see_patients_need_the_users_word() -> None:
    assert public_features(0.0) is None
    with pytest.raises(InputRejected, match="DP_PRETRAINED.*public_features"):
        public_features(0.1)
    assert public_features(0.1, public=True) is not None
