from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.statement import PrivacyStatement, refuse_for_private

STATEMENT = PrivacyStatement(
    epsilon=2.9, delta=1e-5, budget_epsilon=3, accountant="prv", noise_multiplier=1.1, clip_norm=1.0,
    sampling_rate=0.01, steps=100, patients=2000, noise_seed="secret",
)  # fmt: skip


def test_a_statement_comes_back_as_it_was(tmp_path: Path) -> None:
    assert PrivacyStatement.of(tmp_path) is None
    STATEMENT.write(tmp_path)
    assert PrivacyStatement.of(tmp_path) == STATEMENT
    assert any("tuning" in what for what in STATEMENT.not_covered)


def test_only_private_models_refuse_what_has_no_noise(tmp_path: Path) -> None:
    refuse_for_private(tmp_path, "novelty", "")
    STATEMENT.write(tmp_path)
    with pytest.raises(InputRejected, match="DP_UNNOISED.*novelty"):
        refuse_for_private(tmp_path, "novelty", "Set novelty=null.")
