"""The training engine: MONAI's SupervisedTrainer made exact to resume, honest about NaN, and lean on a CPU.

It trains multimodal networks and, with another ``prepare_batch``, networks of volumes.

Everything random in a step is drawn under a seed derived from (seed, step) and the global generator is put back, so
that the state after a step is a function of the step: killing a run and repeating its command gives the same weights.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from ignite.engine import Events
from monai.engines import SupervisedTrainer
from monai.engines.utils import IterationEvents
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader

from monai_app.core.random import scoped_torch_seed
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.batches import prepare_multimodal_batch
from monai_app.engines.checkpoints import CheckpointFolder
from monai_app.engines.distributed import average_gradients, rank, share_buffers, unwrapped, world_size
from monai_app.engines.finite import clip_gradients, stop_on_bad_loss
from monai_app.engines.identity import identity
from monai_app.engines.precision import AutocastInferer
from monai_app.engines.sampling import EpochBatches
from monai_app.engines.state import Resume, Stateful, capture, check_same_training, restore, trainable_loss

logger = logging.getLogger(__name__)


class MultimodalTrainer(SupervisedTrainer):
    """Trains a network whose samples come from :func:`monai_app.engines.data.sample_loader`.

    Args:
        device: where the network is.
        max_epochs: epochs to train; early stopping may end sooner.
        train_data_loader: of :func:`monai_app.engines.data.sample_loader`.
        network: the network, on the device.
        optimizer: over the network's (and the loss's) parameters.
        loss_function: ``(output, targets) -> scalar``.
        seed: of everything random in a step.
        schedule: stepped once an iteration.
        average: running average of the weights; it is what validation reads.
        inferer: autocasting inferer; None computes in fp32.
        prepare_batch: ``(batch, device, non_blocking) -> (inputs, targets)``.
        accumulate: batches whose gradients make one step of the optimiser; schedule and average count steps, and a
            checkpoint is only taken after one, since gradients are not part of it.
        clip_norm: largest 2-norm of the gradient; None does not clip (a non-finite gradient stops in either case).
        checkpoints: folder for the training state; None keeps none.
        checkpoint_every: iterations between checkpoints, besides one an epoch.
        resume: ``same`` or ``changed`` (see :class:`Resume`).
        provenance: what else makes this training itself, such as the cohort's hashes.
        train_handlers: as MONAI; those with a ``state_dict`` are kept in the checkpoints.
    """

    def __init__(
        self,
        device: str | torch.device,
        max_epochs: int,
        train_data_loader: DataLoader,
        network: nn.Module,
        optimizer: Optimizer,
        loss_function: Any,
        *,
        seed: int = 0,
        schedule: LRScheduler | None = None,
        average: AveragedNetwork | None = None,
        inferer: AutocastInferer | None = None,
        prepare_batch: Callable[..., tuple[Any, Any]] = prepare_multimodal_batch,
        accumulate: int = 1,
        clip_norm: float | None = 1.0,
        checkpoints: str | None = None,
        checkpoint_every: int = 1000,
        resume: str = "same",
        provenance: Mapping[str, Any] | None = None,
        train_handlers: Sequence[Any] | None = None,
        **monai_arguments: Any,
    ) -> None:
        self.seed, self.schedule, self.average, self.clip_norm = seed, schedule, average, clip_norm
        self.checkpoints = None if checkpoints is None else CheckpointFolder(checkpoints)
        self.resume = Resume(resume)
        self.provenance = dict(provenance or {})
        self.handlers = list(train_handlers or [])
        self.loader: Any = train_data_loader
        self.batches = epoch_batches(train_data_loader)
        self.precise = AutocastInferer("fp32") if inferer is None else inferer
        super().__init__(
            device=device,
            max_epochs=max_epochs,
            train_data_loader=train_data_loader,
            network=network,
            optimizer=optimizer,
            loss_function=loss_function,
            inferer=self.precise,
            prepare_batch=prepare_batch,
            accumulation_steps=accumulate,
            decollate=False,
            optim_set_to_none=True,
            **monai_arguments,
        )
        self.logger.setLevel(logging.WARNING)
        self.add_event_handler(Events.EPOCH_STARTED, MultimodalTrainer._place_loader)
        self.add_event_handler(IterationEvents.LOSS_COMPLETED, stop_on_bad_loss)
        self.add_event_handler(IterationEvents.BACKWARD_COMPLETED, MultimodalTrainer._after_backward)
        self.add_event_handler(Events.ITERATION_COMPLETED, type(self)._after_step)
        self.add_event_handler(Events.EPOCH_COMPLETED, type(self)._before_validation)
        self._register_handlers(self.handlers)
        self.checkpoint_every = checkpoint_every
        if self.checkpoints is not None and rank() == 0:
            self.add_event_handler(Events.ITERATION_COMPLETED, MultimodalTrainer._save_within_epoch)
            self.add_event_handler(Events.EPOCH_COMPLETED, MultimodalTrainer._save)

    @property
    def parts(self) -> dict[str, Stateful]:
        """Everything with a state, by name."""
        named: dict[str, Any] = {
            "network": unwrapped(self.network),
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "average": self.average,
            "loss": trainable_loss(self.loss_function),
        }
        named |= {type(handler).__name__: handler for handler in self.handlers if hasattr(handler, "load_state_dict")}
        return {name: part for name, part in named.items() if part is not None}

    def identity(self) -> dict[str, str]:
        """Hashes of what makes this training itself, by part; a resumed training must have the same."""
        dataset, order = self.loader.dataset, vars(self.batches)
        described = {
            "network": unwrapped(self.network),
            "loss": self.loss_function,
            "optimiser": self.optimizer,
            "schedule": None if self.schedule is None else [self.schedule, self.schedule.base_lrs],
            "average": None if self.average is None else self.average.decay,
            "preprocessing": getattr(dataset, "transform", None),
            "samples": [len(dataset), order | dict.fromkeys(("epoch", "first_batch", "rank", "world_size"))],
            "engine": [
                self.seed,
                self.state.max_epochs,
                self.state.epoch_length,
                self.clip_norm,
                *([self.accumulation_steps] if self.accumulation_steps > 1 else []),
            ],
            "handlers": [identity_of_stateful(handler) for handler in self.handlers],
            "processes": world_size(),
            **self.provenance,
        }
        return {name: identity(value) for name, value in described.items()}

    def run(self) -> None:  # type: ignore[override]
        """Train, or go on where the output folder's newest readable checkpoint ends.

        Raises:
            InputRejected: ``RESUME_CHANGED``, ``RESUME_MISFIT``, ``CHECKPOINTS_UNREADABLE``.
            AppError: ``LOSS_NOT_FINITE``, ``GRADIENT_NOT_FINITE``; last good checkpoint and best weights stay.
        """
        own = self.identity()
        self.precise.settle(self.network, self.loss_function, self._first_batch)
        own["precision"] = identity(self.precise.precision)
        state = None if self.checkpoints is None else self.checkpoints.newest()
        same = True
        if state is not None:
            same = check_same_training(state, own, self.resume)
            restore(self.parts, state)
            self.state.iteration = state["iteration"]
            self.state.epoch = state["iteration"] // self.state.epoch_length
            if (same and state["finished"]) or self._all_done:
                logger.info("training is already finished after %d iterations; nothing to do", self.state.iteration)
                return
            logger.info("resuming after iteration %d", self.state.iteration)
        self._identity = own
        self._before_running(same)
        super().run()

    @property
    def model_notes(self) -> Mapping[str, Any]:
        """What the header of the weights says besides epoch and score."""
        return {}

    def _before_running(self, same: bool) -> None:
        """Called before the first step of a run.

        Args:
            same: whether it starts afresh or goes on with the same training.
        """

    @property
    def _all_done(self) -> bool:
        return bool(self.state.iteration >= self.state.max_epochs * self.state.epoch_length)

    def _iteration(self, engine: Any, batchdata: dict[str, Any]) -> list[dict[str, Any]]:  # type: ignore[override]
        """One seeded step; its output in the list form that MONAI's log and tracking handlers read."""
        with scoped_torch_seed(self.seed, "step", rank(), engine.state.iteration):
            return [super()._iteration(engine, batchdata)]

    def _first_batch(self) -> tuple[Any, Any]:
        samples = [self.loader.dataset[key] for key in next(iter(self.batches))]
        inputs, targets = self.prepare_batch(self.loader.collate_fn(samples), self.state.device)
        return inputs, targets

    def _place_loader(self) -> None:
        """Point the loader at the batch after the last finished one."""
        done = self.state.iteration - (self.state.epoch - 1) * self.state.epoch_length
        self.batches.start_at(self.state.epoch, done)

    @property
    def _stepping(self) -> bool:
        """Whether this iteration ends in a step of the optimiser: every ``accumulate``-th, and an epoch's last."""
        within = (self.state.iteration - 1) % self.state.epoch_length + 1
        return bool(within % self.accumulation_steps == 0 or within == self.state.epoch_length)

    def _after_backward(self) -> None:
        if not self._stepping:
            return
        if isinstance(self.loss_function, nn.Module):
            average_gradients(self.loss_function)
        clip_gradients(self, self.clip_norm)

    def _after_step(self) -> None:
        if not self._stepping:
            return
        if self.schedule is not None:
            self.schedule.step()
        if self.average is not None:
            self.average.update(self.network)

    def _before_validation(self) -> None:
        if self.average is not None:
            share_buffers(self.average)

    def _save_within_epoch(self) -> None:
        """Save at the first step in ``checkpoint_every`` iterations, but not at an epoch's last, validated first."""
        passed = self.state.iteration % self.checkpoint_every < self.accumulation_steps
        if passed and self._stepping and self.state.iteration % self.state.epoch_length:
            self._save()

    def _save(self) -> None:
        finished = bool(self.should_terminate) or self._all_done
        state = capture(self.parts, iteration=self.state.iteration, finished=finished, identity=self._identity)
        assert self.checkpoints is not None
        self.checkpoints.save(self.state.iteration, state)


def epoch_batches(loader: DataLoader) -> EpochBatches:
    """The batches of a loader of :func:`monai_app.engines.data.sample_loader`.

    Raises:
        TypeError: another loader, which could not be resumed exactly.
    """
    if not isinstance(loader.batch_sampler, EpochBatches):
        msg = f"The training loader must come from sample_loader, got batches of {type(loader.batch_sampler).__name__}"
        raise TypeError(msg)
    return loader.batch_sampler


def identity_of_stateful(handler: Any) -> Any:
    """What of a handler decides the result: its settings, where it keeps a state (it then steers the training)."""
    return getattr(handler, "settings", None) if hasattr(handler, "load_state_dict") else None
