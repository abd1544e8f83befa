from __future__ import annotations

import json

import pytest

from monai_app.explain.volumes.record import volume_record
from tests.explain.volumes.tiny import SCORES, explained, material


def test_the_record_is_json_and_says_where_the_maps_lie_and_what_they_add_up_to() -> None:
    found = explained()
    record = json.loads(json.dumps(volume_record(found, {"T1": SCORES}, material(), {"case.html": "0"})))
    t1 = record["maps"]["T1"]
    assert record["target"]["name"] == "ball" and record["computed_at"] == found.computed_at
    assert t1["sum"] == pytest.approx(found.maps["T1"].values.sum(), rel=1e-4)
    assert t1["grid"]["shape"] == [16, 16, 16] and t1["whereabouts"]["scored voxels"]["inside"] > 0.2
    assert t1["believability"]["faithfulness"]["deletion"] == 0.2 and record["maps"]["FLAIR"]["believability"] is None
    assert record["structure"]["share_in_window"] == 1.0 and record["provenance"] == {"input": "hashed"}
