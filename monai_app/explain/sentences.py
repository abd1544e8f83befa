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

ADDS_UP, BEATS_CHANCE = (
    "its parts add up to the whole effect",
    "what it marks matters more than the same amount at random",
)
DECISIVE = {
    ADDS_UP: "its parts do not add up to the whole effect",
    BEATS_CHANCE: "taking out what it marks does no more than taking out as much at random",
}
"""The checks without which a map is not to be read, and what it means that one failed."""

PARTS = {"film": "pixels", "series": "values", "table": "fields", "note": "words", "volume": "volume"}

Check = tuple[str, str, bool | None]
"""What was checked, what came out, and whether it speaks for the map; None where it cannot be told."""


_CAM = (
    "Coloured are regions whose features speak for or against the label. {} compares with nothing: read where, not how"
    " much."
)
_CAM_NAMES = {"grad_cam": "Grad-CAM is coarse and", "hires_cam": "HiResCAM"}


def legend(made: AttributionMap, image: str) -> str:
    """What the colours over an image mean.

    Args:
        image: what it is called, such as ``film``.
    """
    if made.method in _CAM_NAMES:
        meaning = _CAM.format(_CAM_NAMES[made.method])
    else:
        meaning = (
            f"Coloured is where the {image} moved the model, compared with {made.baseline}; where nothing is coloured,"
            " putting that in its place would hardly have moved it."
        )
    return f"Move the slider to compare. {meaning}"


def deletion_sentence(target: Target, name: str, found: Faithfulness) -> str:
    """What removing the marked tenth does, beside a random tenth."""
    return (
        f"Without the tenth of the {PARTS[name]} that the map marks most, the {quantity(target)} goes from"
        f" {told(target, found.shown)} to {told(target, found.without_tenth)}; without a random tenth, to"
        f" {told(target, found.without_random_tenth)}."
    )


def checks(target: Target, made: AttributionMap, found: Believability) -> list[Check]:
    """The checks of one map."""
    rows: list[Check] = []
    if made.complete:
        rows.append(
            (
                ADDS_UP,
                f"Within {made.gap:.1%} after {made.evaluations} passes of the model.",
                made.gap < TOLERANCE,
            )
        )
    faithful, stable = found.faithfulness, found.stability
    rows.append(
        (
            BEATS_CHANCE,
            deletion_sentence(target, made.modality, faithful),
            faithful.beats_chance,
        )
    )
    if stable.infidelity is not None:
        rows.append(
            (
                "it foretells what random removals cost",
                f"It explains {1 - min(1.0, stable.infidelity):.0%} of that (100% is exact, 0% no better than no map).",
                stable.infidelity < USEFUL,
            )
        )
    if stable.max_sensitivity is not None:
        rows.append(
            (
                "it stays the same when the input changes imperceptibly",
                f"It changes by {stable.max_sensitivity:.0%} at most.",
                stable.max_sensitivity < SHAKY,
            )
        )
    if stable.randomised_correlation is not None:
        rows.append(
            (
                "it shows what the model has learned",
                f"Rank correlation with the map of the same model with random weights:"
                f" {stable.randomised_correlation:.2f} (near 0 is good; 1 would be a drawing of the input).",
                stable.randomised_correlation < LEARNED,
            )
        )
    whole, part = ("volume", "voxel") if made.modality == "volume" else ("film", "pixel")
    for region in found.regions:
        side = "inside" if region.of_map.hit else "outside"
        rows.append(
            (
                f"it lies on the known region ({region.region})",
                f"{region.of_map.mass:.0%} of its colour is on the region, which is {region.area:.1%} of the {whole};"
                f" its highest point is {side}; {part} AUROC"
                f" {region.of_map.auroc:.2f}. A blob in the middle of the {whole} would have"
                f" {region.of_centre.mass:.0%} and {region.of_centre.auroc:.2f}.",
                region.of_map.mass > max(region.area, region.of_centre.mass),
            )
        )
    return rows


def summary(shares: ModalityShares, rows: Mapping[str, list[Check]]) -> list[str]:
    """What to know before looking at anything: what counted, what did not, and which maps not to read."""
    order = sorted(zip(shares.shares.tolist(), shares.names, strict=True), reverse=True)
    parts = [f"the {TITLES[name].lower()} ({share:.0%})" for share, name in order if share >= HARDLY]
    found = [f"What moved the model, in parts of all influence: {', then '.join(parts)}."] if parts else []
    for share, name in order:
        if share < HARDLY:
            found.append(
                f"The {TITLES[name].lower()} hardly counted ({share:.0%}). The colours of that map are stretched until"
                " they can be seen; do not read much into them."
            )
    for name, checked in rows.items():
        found += refusal(f"the map of the {TITLES[name].lower()}", checked)
    return found


def refusal(which: str, checked: list[Check]) -> list[str]:
    """That a map is not to be read, and why; nothing where it passed the decisive checks."""
    failed = [DECISIVE[what] for what, _, passed in checked if passed is False and what in DECISIVE]
    if not failed:
        return []
    return [
        f"Do not read {which}: {', and '.join(failed)}. The prediction may be right all the same; judge it by the data"
        " themselves."
    ]


def verdict(rows: list[Check]) -> str:
    """How many of the checks that could be made speak for a map."""
    known = [passed for _, _, passed in rows if passed is not None]
    return f"{sum(known)} of {len(known)} checks passed"


def compared_with(made: AttributionMap) -> str:
    """The baseline of a map; class activation maps have none, but their checks do."""
    return f"nothing; its checks with {made.baseline}" if made.method in _CAM_NAMES else made.baseline


def precision_words(made: AttributionMap) -> str:
    """What the gradients of a map were computed in."""
    if made.rounding_cosine is None:
        return made.precision
    return f"{made.precision} (cosine of bf16 to fp32: {made.rounding_cosine:.3f})"


def interval_sentence(shares: ModalityShares) -> str:
    """What the whiskers are, or why there are none."""
    if shares.draws is None:
        return "No interval: this model gives one answer."
    return (
        f"Whiskers and brackets: the middle nine tenths of the model's own {shares.draws.count} draws, each explained"
        " by itself; the bars are of the draws' joint answer and may lie beside. They tell how far the model agrees"
        " with itself, not whether it is right."
    )


def weights_sentence(shares: ModalityShares) -> str:
    """What the model's own weights are, and are not."""
    if shares.weights is None:
        return "This model has no weights of its own for the kinds of data."
    text = (
        "The model's own weights (attention or reliability) tell where it looks, not what changed its prediction: they"
        " are no explanation."
    )
    if shares.rank_correlation is None:
        return f"{text} Their order cannot be compared with that of the shares here."
    return (
        f"{text} Rank correlation with the shares above: {shares.rank_correlation:+.2f} (1 is the same order, 0 is"
        " unrelated)."
    )


def interaction_sentence(shares: ModalityShares) -> str:
    """The pair that changes most by being seen together."""
    count = len(shares.names)
    if count < 2:
        return "With one kind of data there is nothing to combine."
    i, j = max(((a, b) for a in range(count) for b in range(a)), key=lambda pair: abs(float(shares.interactions[pair])))
    value = float(shares.interactions[i, j])
    one, other = (TITLES[shares.names[place]].lower() for place in (j, i))
    way = "higher" if value > 0 else "lower"
    return (
        f"The two that depend most on each other are {one} and {other}: with both, the score is {abs(value):.2f} {way}"
        " than their separate effects add up to."
    )
