"""From a folder of DICOM files to a segmentation, a picture and a report about the series that the rules pick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monai_app.core.atomic import atomic_directory, refuse_existing, write_json
from monai_app.deploy.app import MANIFEST, OBJECTS, AppSpec
from monai_app.deploy.doubts import doubts
from monai_app.deploy.picking import pick_series
from monai_app.deploy.site import Site
from monai_app.dicom.assemble import read_series
from monai_app.dicom.equipment import Algorithm
from monai_app.dicom.overlay import slice_overlay
from monai_app.dicom.report_content import Interval, ReportContent, ReportedVolume
from monai_app.dicom.result_object import ResultContext
from monai_app.dicom.results import StudyResults, write_results
from monai_app.dicom.source_images import read_source_series
from monai_app.dicom.volume import Volume
from monai_app.inference.model import Options, SegmentationModel
from monai_app.inference.ood import Familiarity
from monai_app.inference.outputs import Result, manifest
from monai_app.inference.run import segment_source
from monai_app.inference.segment import Progress
from monai_app.inference.source import Source
from monai_app.inference.stages import Stages


@dataclass(frozen=True, eq=False)
class SegmentationApp:
    """An application that stays open: the model is loaded once.

    Attributes:
        name: of the application.
        spec: what it takes and gives.
        model: of the bundle.
        familiarity: fitted with the weights, see :func:`monai_app.deploy.doubts.doubts`; None doubts nothing.
        feature_layer: whose features it judges.
        site: whose equipment stands in the results.
        options: of the inference.
    """

    name: str
    spec: AppSpec
    model: SegmentationModel
    familiarity: Familiarity | None = None
    feature_layer: str | None = None
    site: Site = field(default_factory=Site)
    options: Options = field(default_factory=Options)

    def run(
        self,
        folder: Path,
        out: Path,
        *,
        created: datetime,
        force: bool = False,
        progress: Progress | None = None,
        stages: Stages | None = None,
    ) -> dict[str, Any]:
        """Write ``dicom/*.dcm`` and ``manifest.json`` for the one series that the rules pick, and return the manifest.

        Args:
            folder: of DICOM files, one study.
            created: time that stands in the results.

        Raises:
            InputRejected: ``OUTPUT_EXISTS``, ``NO_SERIES_SELECTED``, ``SERIES_AMBIGUOUS``, ``OUT_OF_DISTRIBUTION``; as
                :func:`read_series`, :func:`read_source_series` and :func:`segment_source`.
        """
        refuse_existing(out, force=force)
        watch = stages or Stages()
        with watch("select"):
            series, verdicts = pick_series(folder, self.spec.series_rules())
        with watch("read"):
            volume = read_series(series.instances)
            images = read_source_series(series.instances)
        source = Source(volume, {"kind": "series", "series_uid_hash": series.uid_hash})
        found = segment_source(
            source, self.model, self.options, familiarity=self.familiarity, feature_layer=self.feature_layer,
            draws=self.spec.draws, progress=progress, stages=watch,
        )  # fmt: skip
        remarks = doubts(found.remarks.get("familiarity"), self.familiarity)
        context = ResultContext(images, self.site.equipment(), self._algorithm(), created)
        with atomic_directory(out, force=force) as made:
            with watch("write"):
                hashes = write_results(made / OBJECTS, self._results(found, remarks), context)
            record = {
                "app": self.name,
                **manifest(found, watch),
                "selection": [vars(verdict) for verdict in verdicts],
                "outputs": {f"{OBJECTS}/{kind}.dcm": digest for kind, digest in hashes.items()},
                "doubts": list(remarks),
                "measurements": [dict(row) for row in found.measurements],
            }
            write_json(made / MANIFEST, record)
        return record

    def _algorithm(self) -> Algorithm:
        settings = tuple((name, str(value)) for name, value in sorted(self.options.as_dict().items()))
        return Algorithm(self.model.name, self.model.version, self.model.sha256, settings)

    def _results(self, found: Result, remarks: tuple[str, ...]) -> StudyResults:
        names = self.model.classes[1:]
        codes = self.spec.segment_codes().of(names)
        labels = found.segmentation.labels
        shown = [code.label for code in codes]
        return StudyResults(
            report=ReportContent(volumes=tuple(_volume(row) for row in found.measurements), remarks=remarks),
            labels=Volume(labels, found.segmentation.affine_ras),
            segments=codes,
            overlay=slice_overlay(found.volume, labels, shown, modality=self.model.modality),
        )


def _volume(row: Mapping[str, Any]) -> ReportedVolume:
    millilitres, spread = float(row["volume_ml"]), row.get("volume_sd_ml")
    if spread is None:
        return ReportedVolume(str(row["structure"]), millilitres)
    return ReportedVolume(str(row["structure"]), millilitres, Interval.normal(millilitres, float(spread)))
