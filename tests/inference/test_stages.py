from __future__ import annotations

from monai_app.inference.stages import Stages


def test_stages_add_up_in_order() -> None:
    stages = Stages()
    for name in ("a", "b", "a"):
        with stages(name):
            pass
    assert [row["stage"] for row in stages.as_list()] == ["a", "b"]
    assert all(float(row["peak_mib"]) > 1 for row in stages.as_list())


def test_a_stage_that_fails_is_counted() -> None:
    stages = Stages()
    try:
        with stages("a"):
            raise ValueError
    except ValueError:
        pass
    assert "a" in stages.seconds


def test_an_iterator_gives_the_same_items_and_is_counted() -> None:
    stages = Stages()
    assert list(stages.during("a", iter([1, 2, 3]))) == [1, 2, 3]
    assert set(stages.seconds) == {"a"}
