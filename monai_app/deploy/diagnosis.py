"""From a folder of DICOM files, and the patient's record where there is one, to findings of one film as DICOM."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monai_app.cohort.study_cohort import StudyFilm, write_study_cohort
from monai_app.core.atomic import atomic_directory, refuse_existing, write_json
from monai_app.deploy.app import MANIFEST, OBJECTS, AppSpec
from monai_app.deploy.picking import pick_series
from monai_app.deploy.site import Site
from monai_app.deploy.study_record import StudyRecord, read_record, study_moment
from monai_app.dicom.equipment import Algorithm
from monai_app.dicom.film import Film, read_film
from monai_app.dicom.overlay import Overlay, film_overlay
from monai_app.dicom.report_content import Interval, ModalityShare, ReportContent, ReportedFinding
from monai_app.dicom.result_object import ResultContext
from monai_app.dicom.results import StudyResults, write_results
from monai_app.dicom.source_images import SourceImages, read_source_film
from monai_app.dicom.write_attribution import AttributionMap
from monai_app.inference.diagnosis import Diagnosis, DiagnosisModel, FilmMap, LabelFound
from monai_app.inference.stages import Stages

_LONGEST_PX = 1024


@dataclass(frozen=True, eq=False)
class DiagnosisApp:
    """An application that stays open: the model is loaded once.

    Attributes:
        name: of the application.
        spec: what it takes and gives.
        model: of the bundle.
        site: whose equipment stands in the results.
    """

    name: str
    spec: AppSpec
    model: DiagnosisModel
    site: Site = field(default_factory=Site)

    def run(
        self,
        folder: Path,
        out: Path,
        *,
        created: datetime,
        ehr: str | None = None,
        force: bool = False,
        stages: Stages | None = None,
    ) -> dict[str, Any]:
        """Write ``dicom/*.dcm`` and ``manifest.json`` for the one film that the rules pick, and return the manifest.

        Args:
            folder: of DICOM files, one study.
            created: time that stands in the results.
            ehr: see :func:`monai_app.deploy.study_record.read_record`; None where there is none.

        Raises:
            InputRejected: ``OUTPUT_EXISTS``, ``NO_SERIES_SELECTED``, ``SERIES_AMBIGUOUS``; as :func:`read_film`,
                :func:`read_record` and the model.
        """
        refuse_existing(out, force=force)
        watch = stages or Stages()
        with watch("select"):
            series, verdicts = pick_series(folder, self.spec.series_rules())
        path = series.instances[0].path
        with watch("read"):
            film, images = read_film(path, longest_side_px=_LONGEST_PX), read_source_film(path)
        with watch("record"):
            zone = self.site.zone()
            record = None if ehr is None else read_record(ehr, self.model.spec, images.patient, zone=zone)
        with watch("predict"):
            found = self._predict(path, film, images, record)
        context = ResultContext(images, self.site.equipment(), self._algorithm(), created)
        results = self._results(found, film)
        with atomic_directory(out, force=force) as made:
            with watch("write"):
                hashes = write_results(made / OBJECTS, results, context)
            manifest = {
                "format": "monai-app-diagnosis-result-1",
                "note": "not for diagnosis",
                "app": self.name,
                "bundle": {"name": self.model.name, "version": self.model.version, "weights_sha256": self.model.sha256},
                "settings": dict(self.model.settings),
                "input": {"kind": "film", "series_uid_hash": series.uid_hash},
                "record": None if record is None else dict(record.report),
                "selection": [vars(verdict) for verdict in verdicts],
                "findings": [
                    {**vars(label), "present": label.probability >= self.spec.threshold} for label in found.labels
                ],
                "modalities": [vars(told) for told in found.modalities],
                "doubts": list(results.report.remarks),
                "outputs": {f"{OBJECTS}/{kind}.dcm": digest for kind, digest in hashes.items()},
                "stages": watch.as_list(),
                "seconds": round(sum(watch.seconds.values()), 3),
                "peak_mib": round(max(watch.peak_mib.values()), 1),
            }
            write_json(made / MANIFEST, manifest)
        return manifest

    def _predict(self, path: Path, film: Film, images: SourceImages, record: StudyRecord | None) -> Diagnosis:
        """The study as a cohort of one sample, in a folder of its own that goes when this is done."""
        moment = datetime(1900, 1, 1) if record is None else study_moment(images.patient)
        with tempfile.TemporaryDirectory(prefix="monai-app-study-") as place:
            cohort = write_study_cohort(
                Path(place) / "study",
                self.model.spec,
                moment=moment,
                events=None if record is None else record.events,
                film=StudyFilm(path, "CR" if images.modality == "RG" else images.modality, film.view),
            )
            rows, columns = film.pixels.shape
            return self.model.diagnose(cohort, (rows, columns))

    def _algorithm(self) -> Algorithm:
        told = (*self.model.settings, ("threshold", f"{self.spec.threshold:g}"))
        return Algorithm(self.model.name, self.model.version, self.model.sha256, told)

    def _results(self, found: Diagnosis, film: Film) -> StudyResults:
        findings = tuple(
            ReportedFinding(
                label.name,
                label.probability >= self.spec.threshold,
                label.probability,
                self.spec.threshold,
                None if label.spread is None else Interval.normal(label.probability, label.spread, most=1.0),
                label.abstained,
            )
            for label in found.labels
        )
        shares = tuple(
            ModalityShare(told.name, told.present, told.weight or 0.0)
            for told in found.modalities
            if told.weight is not None
        )
        remarks = tuple(
            f"The {told.name} looks unlike those that the model was trained on: do not rely on its results."
            for told in found.modalities
            if told.unfamiliar
        )
        shown = found.map_of(found.likeliest.name)
        overlay = None if shown is None else self._overlay(shown, found.likeliest, film)
        maps = [AttributionMap(one.label, one.method, one.values) for one in found.maps]
        return StudyResults(ReportContent(findings, modalities=shares, remarks=remarks), maps=maps, overlay=overlay)

    def _overlay(self, shown: FilmMap, label: LabelFound, film: Film) -> Overlay:
        """The picture of the likeliest label, which may well be absent: the caption says so."""
        verdict = "present" if label.probability >= self.spec.threshold else "absent"
        drawn = film_overlay(film, shown.values, name=shown.label, method=shown.method)
        told = f"{drawn.caption}: {verdict}, probability {label.probability:.2f} (threshold {self.spec.threshold:.2f})"
        return replace(drawn, caption=told)
