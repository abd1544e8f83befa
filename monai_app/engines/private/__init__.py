"""Private training in the engine: batches of patients, the trainer, what it refuses."""

from monai_app.engines.private.batches import PatientBatches, patient_loader
from monai_app.engines.private.trainer import PrivateTrainer, public_start

__all__ = ["PatientBatches", "PrivateTrainer", "patient_loader", "public_start"]
