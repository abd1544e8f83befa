"""A training of volumes so small that it takes milliseconds a step: balls, two levels, flips and noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monai.handlers import ValidationHandler
from monai.networks.nets import UNet
from monai.transforms import Compose, RandCropByLabelClassesd, RandFlipd, RandGaussianNoised

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.batches import prepare_volume_batch
from monai_app.engines.best import BestModel
from monai_app.engines.build import adamw
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.trainer import MultimodalTrainer
from monai_app.engines.training_log import TrainingLog
from monai_app.engines.volumes.build import seeded, split_items
from monai_app.engines.volumes.evaluator import VolumeEvaluator
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.engines.volumes.mean_dice import MeanDice
from monai_app.losses.segmentation import SegmentationLoss
from monai_app.transforms.grid import KeepGridd, PlainTensorsd
from monai_app.transforms.volume.load_volume import LoadVolumed

SPEC = SegmentationSpec(modality="MR", sequences=("T1",), structures=("one", "two"), patch=(8, 8, 8))


def tiny_network(seed: int = 0) -> Any:
    return seeded(lambda: UNet(3, 1, 3, channels=(4, 8), strides=(2,), norm="instance"), seed=seed)


def tiny_transforms() -> list[Any]:
    return [
        LoadVolumed(["image", "label"], ["image", "label"], allow_missing_keys=True),
        KeepGridd("image", "native"),
        KeepGridd("image", "network"),
        PlainTensorsd(["image", "label"], ["float32", "uint8"], allow_missing_keys=True),
    ]


def tiny_loader(datalist: Path, split: str, **options: Any) -> Any:
    data = split_items(str(datalist), split)
    return sample_loader(SampleDataset(data, Compose(tiny_transforms())), batch_size=1, **options)


def tiny_training(
    folder: Path, datalist: Path, *, epochs: int = 3, accumulate: int = 2, every: int = 2, cache: Path | None = None
) -> MultimodalTrainer:
    patches = RandCropByLabelClassesd(
        ["image", "label"], "label", (8, 8, 8), ratios=[1, 1, 1], num_classes=3, num_samples=2
    )
    random = [patches, RandFlipd(["image", "label"], prob=0.5, spatial_axis=0), RandGaussianNoised("image", prob=0.5)]
    data = split_items(str(datalist), "train")
    dataset = SampleDataset(data, Compose([*tiny_transforms(), *random]), seed=1, cache_dir=cache and str(cache))
    network = tiny_network()
    average, loss = AveragedNetwork(network, 0.9), SegmentationLoss()
    evaluator = VolumeEvaluator(
        "cpu",
        tiny_loader(datalist, "tuning"),
        average,
        inferer=VolumeInferer(SPEC.patch),
        key_val_metric={"key_score": MeanDice(2)},
    )
    return MultimodalTrainer(
        "cpu",
        epochs,
        sample_loader(dataset, batch_size=1, order="shuffled"),
        network,
        adamw(network, loss, learning_rate=0.01),
        loss,
        average=average,
        prepare_batch=prepare_volume_batch,
        accumulate=accumulate,
        checkpoints=str(folder / "checkpoints"),
        checkpoint_every=every,
        train_handlers=[
            ValidationHandler(1, evaluator),
            BestModel(evaluator, str(folder), SPEC),
            TrainingLog(str(folder / "train_log.jsonl"), evaluator),
        ],
    )
