"""Metrics are counts that Prometheus can parse, without anything of a study."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.fake_archive import Site


def values(site: Site) -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(site.worker.metrics.text().decode())
    return {(s.name, "".join(s.labels.values())): s.value for family in families for s in family.samples}


def test_jobs_results_and_runs_are_counted(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.archive.send("CANARY", "CANARY/a")
    site.archive.send("CANARY2", "CANARY2/odd")
    site.idle()
    found = values(site)
    assert found["monai_app_jobs", "done"] == found["monai_app_jobs", "rejected"] == 1
    assert found["monai_app_worker_runs_total", "stored"] == 1
    assert found["monai_app_result_sets", "current"] == 1 and found["monai_app_worker_seconds_count", ""] == 2
    assert found["monai_app_feed_position", ""] == len(site.archive.feed)
    assert b"CANARY" not in site.worker.metrics.text()


def test_counters_are_there_while_the_state_file_is_not(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert site.state is not None
    site.state.close()
    site.worker.metrics.ran("stored", 1.0)
    assert values(site)["monai_app_worker_runs_total", "stored"] == 1
