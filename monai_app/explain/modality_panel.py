"""What each kind of data contributed: steps from the prior to the prediction, their intervals, and a table."""

from __future__ import annotations

from typing import Any

from monai_app.core.page import Section
from monai_app.explain.explanation import Explanation
from monai_app.explain.modality_shares import ModalityShares
from monai_app.explain.pictures import share_bars, waterfall
from monai_app.explain.sentences import interaction_sentence, interval_sentence, weights_sentence
from monai_app.explain.wording import TITLES, quantity, told


def add_modalities(section: Section, explanation: Explanation) -> None:
    """Fill the section."""
    target, shares = explanation.target, explanation.shares
    ends = told(target, target.shown(shares.prior.score)), told(target, target.shown(explanation.case.score))
    names = [TITLES[name] for name in shares.names]
    whiskers = (None, None) if shares.draws is None else (shares.draws.shapley.tolist(), shares.draws.shares.tolist())
    unit = f"score ({target.unit}); each step is one kind of data's fair share (Shapley value)"
    section.figure(
        waterfall(names, shares.shapley.tolist(), shares.prior.score, unit, ends, whiskers[0]),
        f"From what is expected without any data ({shares.prior.source}) to the prediction.",
    )
    if len(names) > 1:
        section.figure(share_bars(names, shares.shares.tolist(), whiskers[1]), "Parts of all influence.")
    section.text(interval_sentence(shares))
    what = quantity(target)
    header = ["data", f"moved the score by ({target.unit})", "share", f"{what} without it", f"{what} from it alone"]
    section.table([*header, "model's own weight"], _rows(explanation))
    section.text(interaction_sentence(shares))
    section.text(weights_sentence(shares))


def _rows(explanation: Explanation) -> list[list[Any]]:
    target, shares = explanation.target, explanation.shares
    everything = len(shares.coalitions) - 1
    rows: list[list[Any]] = []
    for place, name in enumerate(shares.names):
        without = everything & ~(1 << place)
        rows.append(
            [
                TITLES[name],
                _moved(shares, place),
                _part(shares, place),
                told(target, target.shown(float(shares.coalitions[without]))) if without else "no prediction",
                told(target, target.shown(float(shares.coalitions[1 << place]))),
                "none" if shares.weights is None else f"{shares.weights[place]:.2f}",
            ]
        )
    return rows


def _moved(shares: ModalityShares, place: int) -> str:
    text = f"{shares.shapley[place]:+.2f}"
    if shares.draws is None:
        return text
    low, high = shares.draws.shapley[place]
    return f"{text} ({low:+.2f} to {high:+.2f})"


def _part(shares: ModalityShares, place: int) -> str:
    text = f"{shares.shares[place]:.0%}"
    if shares.draws is None or len(shares.names) == 1:
        return text
    low, high = shares.draws.shares[place]
    return f"{text} ({low:.0%} to {high:.0%})"
