"""Are synthetic films useful? From two cohorts to synthetic.json and report.html; a killed benchmark goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from monai_app.benchmark.claims import Claim
from monai_app.benchmark.synthetic_arms import TRAINING, Arm, Plan
from monai_app.benchmark.synthetic_report import SyntheticFacts, synthetic_claims, synthetic_page
from monai_app.benchmark.synthetic_scores import MACRO, METRICS, Scores, label_views, rarest, scored
from monai_app.benchmark.synthetic_training import Outcome, run_arm
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import refuse_existing, write_json
from monai_app.core.errors import InputRejected
from monai_app.engines.build import cohort_spec
from monai_app.engines.mixing import SYNTHETIC, mixed_items

RESULTS_NAME, PAGE_NAME = "synthetic.json", "report.html"
SPLITS = ("held_out", "tuning")


def benchmark_synthetic(
    plan: Plan,
    *,
    arms: Sequence[Arm] = tuple(Arm),
    seeds: int = 5,
    split: str = "held_out",
    resamples: int = 1000,
    force: bool = False,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train every arm on every seed, judge all on the same real patients, and write what was found.

    Args:
        plan: whose label's AUPRC is the primary outcome; None takes the one with the fewest positives among the judged.
        split: of the real cohort, that is judged; ``tuning`` is for choosing settings, since it has chosen the weights.
        force: whether earlier results are replaced. What is trained with the same settings is kept in any case.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``SPLIT_UNKNOWN``, ``LABEL_UNKNOWN``; of :meth:`Plan.checked`, of
            :func:`monai_app.engines.mixing.mixed_items`, of the bundle.
    """
    for name in (RESULTS_NAME, PAGE_NAME):
        refuse_existing(plan.out / name, force=force)
    if split not in SPLITS:
        raise InputRejected("SPLIT_UNKNOWN", "no such split is judged", got=split, expected=", ".join(SPLITS))
    plan.checked()
    rows = _rows(plan)
    outcomes: dict[str, list[Outcome]] = {arm.value: [] for arm in arms}
    for seed in range(seeds):
        for arm in arms:
            outcomes[arm.value].append(run_arm(plan, arm, seed, split=split))
            if not seed:
                _checked_label(plan.label, outcomes[arm.value][0])
            on_stage(f"{arm.value}, seed {seed}: trained and judged")
    predictions = {arm: [outcome.predictions for outcome in found] for arm, found in outcomes.items()}
    scores = scored(predictions, resamples=resamples)
    facts = SyntheticFacts(
        cohort=Cohort(plan.cohort_dir).record.name,
        synthetic=Cohort(plan.synthetic_dir).record.name,
        label=plan.label or rarest(scores.positives),
        split=split,
        patients=len(next(iter(predictions.values()))[0].subject_id),
        seeds=range(seeds),
        arms=arms,
        rows=rows,
        steps={arm: found[0].steps for arm, found in outcomes.items()},
        settings=_settings(plan),
    )
    claims = synthetic_claims(scores, facts)
    record = _record(scores, facts, claims, outcomes, resamples)
    synthetic_page(scores, facts, claims).write(plan.out / PAGE_NAME)
    write_json(plan.out / RESULTS_NAME, record)
    return record


def _rows(plan: Plan) -> dict[str, int]:
    """How many samples the arms draw from; refuses cohorts that do not fit before anything is trained."""
    size = plan.settings.get("film_size_px")
    spec = cohort_spec(plan.cohort_dir, list(plan.tasks), ["film"], film_size_px=size)
    items = mixed_items(
        plan.cohort_dir,
        plan.synthetic_dir,
        spec,
        share=plan.share,
        patients=plan.real_patients,
        label=plan.label,
        positives=plan.real_positives,
    )
    made = sum(bool(item[SYNTHETIC]) for item in items)
    return {"real": len(items) - made, "synthetic": made}


def _checked_label(label: str | None, outcome: Outcome) -> None:
    known = label_views(outcome.predictions)
    if label is not None and (label not in known or not known[label].positives):
        raise InputRejected(
            "LABEL_UNKNOWN",
            "no such label can be judged",
            got=label,
            expected=", ".join(name for name, view in known.items() if view.positives) or "labels with positives",
            remedy="Check --label and --task.",
        )


def _settings(plan: Plan) -> dict[str, Any]:
    """What a reader must know to repeat it; no paths."""
    return {
        "bundle": plan.bundle.rsplit("/", 1)[-1],
        "system": plan.system or "the bundle's own",
        "overlays": ", ".join(plan.overlays) or "none",
        "tasks": ", ".join(plan.tasks),
        "steps": plan.steps,
        "validation on real tuning every": plan.every,
        "synthetic share of the mixed batches": plan.share,
        "real patients": "all of the train split" if plan.real_patients is None else plan.real_patients,
        "real patients with the label": "all" if plan.real_positives is None else plan.real_positives,
        "film encoder starts from": "random weights" if plan.start is None else f"the model {plan.start.name}",
        **{name: str(value) for name, value in {**TRAINING, **plan.settings}.items() if name != "cache_dir"},
    }


def _record(
    scores: Scores,
    facts: SyntheticFacts,
    claims: Sequence[Claim],
    outcomes: Mapping[str, Sequence[Outcome]],
    resamples: int,
) -> dict[str, Any]:
    """The JSON document."""
    names = [MACRO, *scores.positives]
    arms: dict[str, Any] = {}
    for arm in facts.arms:
        own = {
            name: {
                metric: scores.value(arm, name, metric).as_dict() | {"by_seed": scores.by_seed(arm, name, metric)}
                for metric in METRICS
            }
            for name in names
        }
        found = outcomes[arm.value]
        arms[arm.value] = {"steps": [o.steps for o in found], "steps_of_best": [o.best for o in found], "labels": own}
    differences = {
        arm.value: {
            name: {metric: scores.difference(arm, Arm.REAL, name, metric).as_dict() for metric in METRICS}
            for name in names
        }
        for arm in facts.arms
        if arm is not Arm.REAL and Arm.REAL in facts.arms
    }
    return {
        "notice": "Trained on SYNTHETIC films in part. Not for diagnosis.",
        "date": datetime.now(UTC).date().isoformat(),
        "cohort": facts.cohort,
        "synthetic": facts.synthetic,
        "label": facts.label,
        "judged": {
            "split": facts.split,
            "n": facts.patients,
            "positives": dict(scores.positives),
            "labelled": dict(scores.labelled),
        },
        "train_samples": dict(facts.rows),
        "seeds": list(facts.seeds),
        "resamples": resamples,
        "settings": dict(facts.settings),
        "arms": arms,
        "minus_real": differences,
        "claims": [vars(claim) for claim in claims],
    }
