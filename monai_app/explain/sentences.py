"""Scores in plain words: what a reader may conclude from them, and what not."""

from __future__ import annotations

from collections.abc import Mapping

from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import Believability
from monai_app.explain.faithfulness import Faithfulness
from monai_app.explain.methods import TOLERANCE
from monai_app.explain.modality_shares import ModalityShares
from monai_app.explain.target import Target
from monai_app.explain.wording import TITLES, quantity, told

USEFUL = 0.8
"""Infidelity from which on a map is hardly better than none."""

SHAKY = 0.5
"""Relative change of a map, for inputs that nobody could tell apart, from which on it is unstable."""

HARDLY = 0.05
"""Share of all influence below which a modality hardly counted."""

LEARNED = 0.5
"""Rank correlation with a map of random weights, from which on a map shows the input rather than the model."""

DECISIVE = 2
"""Of the checks the first ones, without which a map is not to be read."""

PARTS = {"film": "pixels", "series": "values", "table": "fields", "note": "words", "volume": "volume"}

Check = tuple[str, str, bool | None]
"""What was checked, what came out, and whether it speaks for the map; None where it cannot be told."""


def deletion_sentence(target: Target, name: str, found: Faithfulness) -> str:
    """What removing the marked tenth does, beside a random tenth."""
    return (
        f"Replacing the tenth of the {PARTS[name]} that the map marks most moves the {quantity(target)} from"
        f" {told(target, found.shown)} to {told(target, found.without_tenth)}; a random tenth moves it to"
        f" {told(target, found.without_random_tenth)}."
    )


def checks(target: Target, made: AttributionMap, found: Believability) -> list[Check]:
    """The checks of one map."""
    rows: list[Check] = []
    if made.complete:
        rows.append(
            (
                "adds up to the change of the score",
                f"within {made.gap:.1%} after {made.evaluations} passes",
                made.gap < TOLERANCE,
            )
        )
    faithful, stable = found.faithfulness, found.stability
    rows.append(
        (
            "marks what changes the prediction more than chance when it is removed",
            deletion_sentence(target, made.modality, faithful),
            faithful.beats_chance,
        )
    )
    if stable.infidelity is not None:
        rows.append(
            (
                "predicts what random removals cost",
                f"{1 - min(1.0, stable.infidelity):.0%} of it (100 % is exact, 0 % is no better than no map)",
                stable.infidelity < USEFUL,
            )
        )
    if stable.max_sensitivity is not None:
        rows.append(
            (
                "stays the same when the input changes imperceptibly",
                f"changes by {stable.max_sensitivity:.0%} at most",
                stable.max_sensitivity < SHAKY,
            )
        )
    if stable.randomised_correlation is not None:
        rows.append(
            (
                "differs from the map of a model that has learned nothing",
                f"rank correlation {stable.randomised_correlation:.2f}",
                stable.randomised_correlation < LEARNED,
            )
        )
    whole, part = ("volume", "voxel") if made.modality == "volume" else ("film", "pixel")
    for region in found.regions:
        side = "inside" if region.of_map.hit else "outside"
        rows.append(
            (
                f"lies on the known region ({region.region})",
                f"{region.of_map.mass:.0%} of the relevance on {region.area:.1%} of the {whole}, highest point"
                f" {side}, {part} AUROC {region.of_map.auroc:.2f}; a blob in the"
                f" middle of the {whole} has {region.of_centre.mass:.0%} and {region.of_centre.auroc:.2f}",
                region.of_map.mass > max(region.area, region.of_centre.mass),
            )
        )
    return rows


def summary(shares: ModalityShares, rows: Mapping[str, list[Check]]) -> list[str]:
    """What to know before looking at anything: what counted, what did not, and which maps not to read."""
    order = sorted(zip(shares.shares.tolist(), shares.names, strict=True), reverse=True)
    parts = [f"the {TITLES[name].lower()} ({share:.0%})" for share, name in order if share >= HARDLY]
    found = [f"The prediction rests on {', then on '.join(parts)}, in parts of all influence."] if parts else []
    for share, name in order:
        if share < HARDLY:
            found.append(
                f"The {TITLES[name].lower()} hardly counted ({share:.0%}): the colours of its map are stretched, so"
                " that they can be seen at all."
            )
    for name, checked in rows.items():
        failed = [what for what, _, passed in checked[:DECISIVE] if passed is False]
        if failed:
            found.append(f"Do not rely on the map of the {TITLES[name].lower()}. Not so: it {'; it '.join(failed)}.")
    return found


def verdict(rows: list[Check]) -> str:
    """How many of the checks that could be made speak for a map."""
    known = [passed for _, _, passed in rows if passed is not None]
    return f"{sum(known)} of {len(known)} checks passed"


def weights_sentence(shares: ModalityShares) -> str:
    """What the model's own weights are, and are not."""
    if shares.weights is None:
        return "This fusion has no weights of its own for the modalities."
    text = (
        "The model's own weights (attention or reliability) say how much it looks at a modality, not how much that"
        " changed the prediction."
    )
    if shares.rank_correlation is None:
        return f"{text} With these modalities the two orders cannot be compared."
    return f"{text} Their rank correlation with the worth above is {shares.rank_correlation:+.2f}."


def interaction_sentence(shares: ModalityShares) -> str:
    """The pair that changes most by being seen together."""
    count = len(shares.names)
    if count < 2:
        return "With one modality there is nothing to interact."
    i, j = max(((a, b) for a in range(count) for b in range(a)), key=lambda pair: abs(float(shares.interactions[pair])))
    value = float(shares.interactions[i, j])
    one, other = (TITLES[shares.names[place]].lower() for place in (j, i))
    way = "higher" if value > 0 else "lower"
    return (
        f"Strongest interaction: seen together, {one} and {other} move the score {abs(value):.2f} {way} than the sum of"
        " what each does alone."
    )
