from __future__ import annotations

import json

import numpy as np
import pytest

from monai_app.engines.projection import NoteTopics, Projection

NOTES = ["no effusion, no oedema", "large effusion left", "clear lungs", "oedema and effusion", "clear lungs again"]


def test_principal_components_are_white_and_uncorrelated():
    features = np.random.default_rng(0).normal(size=(200, 6)) * [1, 2, 3, 4, 5, 6]
    projected = Projection.principal(features, 4)(features)
    assert np.cov(projected.T) == pytest.approx(np.eye(4), abs=1e-9)


@pytest.mark.parametrize(("n", "width"), [(1, 0), (3, 2), (50, 6)])
def test_width_is_what_the_samples_allow(n, width):
    features = np.random.default_rng(0).normal(size=(n, 6))
    assert Projection.principal(features, 8)(features).shape == (n, width)


def test_topics_survive_json_and_tensors_exactly():
    topics = NoteTopics.fit(NOTES)
    record = json.loads(json.dumps(topics.as_dict()))
    projection = Projection.from_tensors(topics.projection.tensors("note"), "note")
    again = NoteTopics(record["vocabulary"], np.array(record["idf"]), projection)
    assert np.array_equal(again([*NOTES, "unseen words only"]), topics([*NOTES, "unseen words only"]))


def test_fitting_twice_gives_the_same_topics():
    assert np.array_equal(NoteTopics.fit(NOTES)(NOTES), NoteTopics.fit(NOTES)(NOTES))


@pytest.mark.parametrize("notes", [["..."], ["the"], ["word"] * 3])
def test_notes_that_say_nothing_have_no_topics(notes):
    assert NoteTopics.fit(notes) is None


def test_words_outside_the_vocabulary_are_zero():
    assert not NoteTopics.fit(NOTES)(["xylophone"]).any()
