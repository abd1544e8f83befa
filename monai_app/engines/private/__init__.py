"""Private training in the engine: batches of patients, the trainer, what it takes from elsewhere, what it refuses."""

from monai_app.engines.private.batches import PatientBatches, patient_loader
from monai_app.engines.private.public import public_features, public_hashes, public_start, unlearned_spec, vouched
from monai_app.engines.private.trainer import PrivateTrainer

__all__ = [
    "PatientBatches",
    "PrivateTrainer",
    "patient_loader",
    "public_features",
    "public_hashes",
    "public_start",
    "unlearned_spec",
    "vouched",
]
