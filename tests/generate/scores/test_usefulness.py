"""Use for training: good synthetic images train as real ones do, shuffled labels train nothing."""

from __future__ import annotations

import numpy as np

from monai_app.generate.scores.usefulness import usefulness


def labelled(n: int, seed: int, *, informative: bool = True) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    generator = np.random.default_rng(seed)
    label = (generator.random(n) < 0.4).astype(float)
    features = generator.normal(size=(n, 5))
    features[:, 0] += 1.5 * label if informative else 0
    return features, {"ill": label}


def test_synthetic_images_like_the_real_ones_train_as_well() -> None:
    found = usefulness(labelled(300, 0), labelled(300, 1), labelled(200, 2), resamples=50)["ill"]
    assert abs(found.tstr - found.trtr) < 0.05 and found.trtr > 0.75 and found.both > 0.75
    assert found.difference[1] <= found.difference[0] <= found.difference[2]
    assert found.n == 200 and 50 < found.positives < 110


def test_synthetic_images_that_show_nothing_train_nothing() -> None:
    found = usefulness(labelled(300, 0), labelled(300, 1, informative=False), labelled(200, 2), resamples=20)["ill"]
    assert found.tstr < found.trtr - 0.1


def test_labels_with_too_few_of_one_kind_are_left_out() -> None:
    features, labels = labelled(300, 1)
    assert usefulness(labelled(300, 0), (features, {"ill": np.zeros(300)}), labelled(200, 2), resamples=0) == {}
    assert usefulness(labelled(300, 0), (features, {"ill": labels["ill"] * 3}), labelled(200, 2), resamples=0) == {}
