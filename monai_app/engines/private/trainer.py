"""Training with differential privacy (DP-SGD) in the engine: budget, account, noise, and the same exact resuming."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from monai.utils.enums import CommonKeys
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.engines.batches import ROW
from monai_app.engines.distributed import unwrapped, world_size
from monai_app.engines.private.batches import PatientBatches
from monai_app.engines.state import Stateful
from monai_app.engines.trainer import MultimodalTrainer
from monai_app.generate.privacy.budget import Accountant, Budget, Ledger, Mechanism, calibrated_noise
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.generate.privacy.step import PrivateStep, StepReport, check_network

logger = logging.getLogger(__name__)


class PrivateTrainer(MultimodalTrainer):
    """Trains with (epsilon, delta)-differential privacy for each patient of the train split.

    Args:
        arguments: of :class:`monai_app.engines.trainer.MultimodalTrainer`; the loader comes from
            :func:`monai_app.engines.private.patient_loader`, and ``clip_norm`` is the longest gradient of a patient.
        epsilon: budget; training stops before the step that would exceed it.
        delta: probability that it fails; below one over the number of patients.
        accountant: ``prv`` or ``rdp``.
        noise_multiplier: standard deviation of the noise in clipping norms; None finds the one that spends the budget
            at the last step.
        model_dir: where privacy.json says what has been spent, written before the weights of each epoch; None: nowhere.
        public_weights: SHA-256 of weights taken from elsewhere, which the statement names.

    Raises:
        InputRejected: ``BUDGET_INVALID``, ``DELTA_TOO_LARGE``, ``BUDGET_TOO_SMALL``, ``DP_BATCH_STATISTICS``,
            ``DP_LOSS_LEARNS``, ``DP_UNNOISED``, ``DP_ONE_PROCESS``, ``DP_NOT_PATIENTS``, ``DP_NOT_CLIPPED``.
    """

    def __init__(
        self,
        *arguments: Any,
        epsilon: float,
        delta: float,
        accountant: str = "prv",
        noise_multiplier: float | None = None,
        model_dir: str | None = None,
        public_weights: Sequence[str] = (),
        clip_norm: float = 1.0,
        **keywords: Any,
    ) -> None:
        super().__init__(*arguments, clip_norm=None, **keywords)
        patients = self._checked(clip_norm)
        budget, kind = Budget(float(epsilon), float(delta)).checked(len(patients.patients)), Accountant(accountant)
        planned = self.state.max_epochs * len(patients)
        noise = noise_multiplier
        if noise is None:
            noise = calibrated_noise(budget, patients.sampling_rate, planned, kind)
        self.ledger = Ledger(budget, Mechanism(noise, patients.sampling_rate), kind)
        self.secret, self.model_dir, self.patient_clip_norm = patients.secret, model_dir, clip_norm
        self.last_step, self.public_weights = math.inf, tuple(public_weights)
        self.step = PrivateStep(
            (parameter for group in self.optimizer.param_groups for parameter in group["params"]),
            clip_norm=clip_norm,
            noise_multiplier=noise,
            expected_patients=patients.batch_size,
        )

    def _checked(self, clip_norm: float) -> PatientBatches:
        check_network(unwrapped(self.network), self.loss_function)
        if not isinstance(self.batches, PatientBatches):
            raise _refused("DP_NOT_PATIENTS", "private training draws patients", "another loader", "patient_loader")
        if world_size() > 1 or self.accumulation_steps > 1:
            raise _refused("DP_ONE_PROCESS", "a private step is one process and one batch", "several", "one of each")
        if not clip_norm or not clip_norm > 0 or math.isinf(clip_norm):
            raise _refused("DP_NOT_CLIPPED", "private training clips gradients", clip_norm, "clip_norm > 0")
        if getattr(self.loss_function, "balance", 0.0):
            raise _refused("DP_UNNOISED", "balancing uses the prevalence on train without noise", "balance", "0")
        return self.batches

    @property
    def parts(self) -> dict[str, Stateful]:
        """Everything with a state, the account and the secret seed among them."""
        return {**super().parts, "privacy": _PrivacyState(self.ledger, self.secret)}

    def identity(self) -> dict[str, str]:
        """As the base class; noise, clipping, budget and sampling are part of what makes a training itself."""
        used = self.ledger.mechanism
        known = {"clip": self.patient_clip_norm, "noise": used.noise_multiplier, "rate": used.sampling_rate}
        self.provenance["privacy"] = {**known, "budget": self.ledger.budget}
        return super().identity()

    @property
    def model_notes(self) -> Mapping[str, Any]:
        """What the header of the weights says about their privacy."""
        statement = self.statement()
        return {"privacy": {"epsilon": statement.epsilon, "delta": statement.delta, "unit": statement.unit}}

    def statement(self) -> PrivacyStatement:
        """What has been spent so far, and on what terms."""
        budget, used = self.ledger.budget, self.ledger.mechanism
        return PrivacyStatement(
            epsilon=self.ledger.epsilon(),
            delta=budget.delta,
            budget_epsilon=budget.epsilon,
            accountant=self.ledger.accountant.value,
            noise_multiplier=used.noise_multiplier,
            clip_norm=self.patient_clip_norm,
            sampling_rate=used.sampling_rate,
            steps=self.ledger.steps,
            patients=len(self.batches.patients),  # type: ignore[attr-defined]
            noise_seed="given" if self.secret.given else "secret",
            public_weights=self.public_weights,
        )

    def run(self) -> None:  # type: ignore[override]
        """Train until the last epoch or the end of the budget; the same command goes on.

        Raises:
            InputRejected: as the base class; ``BUDGET_SPENT``, ``BUDGET_TOO_SMALL``; ``DP_RESUME_UNACCOUNTED`` when
                the checkpoints come from a training without privacy.
        """
        state = None if self.checkpoints is None else self.checkpoints.newest()
        if state is not None and "privacy" not in state["parts"]:
            raise _refused(
                "DP_RESUME_UNACCOUNTED", "the checkpoints are of a training without privacy", "no account", "an account"
            )
        super().run()

    def _before_running(self, same: bool) -> None:
        self.ledger.refuse_if_spent()
        if not same:
            self.secret.redraw()
        planned = self.state.max_epochs * self.state.epoch_length - self.state.iteration
        self.last_step = self.state.iteration + self.ledger.affordable(planned)
        if self.secret.given:
            logger.warning("the seed of the noise is given: whoever knows it can subtract the noise")
        if self.last_step < self.state.iteration + planned:
            logger.warning("the budget ends after step %d of %d", self.last_step, self.state.iteration + planned)

    def _first_batch(self) -> tuple[Any, Any]:
        """One sample, since patients are computed one by one."""
        sample = self.loader.dataset[(1, 0)]
        inputs, targets = self.prepare_batch(self.loader.collate_fn([sample]), self.state.device)
        return inputs, targets

    def _iteration(self, engine: Any, batchdata: dict[str, Any]) -> list[dict[str, Any]]:  # type: ignore[override]
        """One private step."""
        with scoped_torch_seed(self.seed, "step", engine.state.iteration):
            self.network.train()
            report = self._private_step(batchdata)
        engine.state.output = {CommonKeys.LOSS: torch.tensor(report.loss)}
        self.optimizer.step()
        return [engine.state.output]

    def _private_step(self, batch: dict[str, Any]) -> StepReport:
        generator = torch_generator(self.secret.seed, "noise", self.state.iteration)
        if not batch:
            return self.step([], generator)
        inputs, targets = self.prepare_batch(batch, self.state.device)
        rows = len(batch[ROW]) if ROW in batch else 0

        def loss_of(row: int) -> Callable[[], Tensor]:
            return lambda: self._loss(row_of(inputs, row), row_of(targets, row))

        return self.step((loss_of(row) for row in range(rows)), generator)

    def _loss(self, inputs: Any, targets: Any) -> Tensor:
        loss: Tensor = self.loss_function(self.inferer(inputs, self.network), targets)
        return loss

    @property
    def _exhausted(self) -> bool:
        return self.state.iteration >= self.last_step and not self._all_done

    def _after_step(self) -> None:
        self.ledger.spend()
        super()._after_step()
        if self._exhausted:
            self.terminate_epoch()

    def _before_validation(self) -> None:
        if self._exhausted:
            logger.warning("training stops: the privacy budget is spent")
            self.terminate()
        if self.model_dir is not None:
            self.statement().write(self.model_dir)
        super()._before_validation()


class _PrivacyState:
    """Account and secret seed of a training, as one part of its checkpoints."""

    def __init__(self, ledger: Ledger, secret: Any) -> None:
        self.ledger, self.secret = ledger, secret

    def state_dict(self) -> dict[str, Any]:
        return {**self.ledger.state_dict(), "noise_seed": self.secret.seed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.ledger.load_state_dict(state)
        if not self.secret.given:
            self.secret.seed = int(state["noise_seed"])


def row_of(value: Any, row: int) -> Any:
    """One row of a batch, still with a batch axis, through dictionaries."""
    if isinstance(value, dict):
        return {key: row_of(item, row) for key, item in value.items()}
    return value[row : row + 1]


def _refused(code: str, what: str, got: object, expected: object) -> InputRejected:
    return InputRejected(code, what, got=got, expected=expected)
