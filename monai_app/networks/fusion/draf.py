"""DRAF, Dynamic Reliability-Aware Fusion: each modality counts as much as it is certain of itself and looks sound.

Per modality m a backbone with MC dropout and its own head p(y|h_m): samples h_m^t, p_m^t.
U_m = mean_t (p_m^t - mean p_m)^2 over labels; r = softmax(-alpha U) over the present modalities;
H = sum_m r_m mean_t h_m^t; y = g(H). An auxiliary head tells corrupted modalities:
c_m = sigmoid(u_m . mean_t h_m^t + b_m).

Repairs (ours, each an option): U is standardised per modality, since it lies in [0, .25] where alpha near 1 weighs
nothing; log r_m = -alpha z(U_m) - beta logit(c_m), since the variance often does not rise under corruption; a missing
modality has log r_m = -inf. Our reading: one linear layer with dropout on either side is the Bayesian part of a
backbone; no gradient runs through r in training (attribution asks for it in evaluation).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.networks.fusion.detector import CorruptionDetectors
from monai_app.networks.fusion.pooling import pooled_features
from monai_app.networks.heads import TaskHeads
from monai_app.networks.mc_dropout import SampledTail
from monai_app.networks.mixture import mixture_logits
from monai_app.networks.output import FusionOutput
from monai_app.networks.uncertainty import Uncertainty, uncertainty

_LARGEST_SLOPE = 1e6
"""Of alpha and beta: beyond it the most reliable modality has all the weight anyway, and nothing overflows."""

_SMALLEST_SPREAD = 1e-12
_MOMENTUM = 0.05


class DRAF(nn.Module):
    """Reliability-weighted sum of Monte Carlo features, then an MLP.

    ``alpha``, ``beta`` and the mean and spread of each modality's U are buffers: training keeps running ones, and
    ``monai_app.engines.reliability`` sets them on validation. ``keep_samples`` adds the passes ``samples
    (B, T, M, h)`` to the extras: many times the size of all else.

    Args:
        samples: T in evaluation.
        training_samples: T in training.
        dropout: rate of the MC dropout.
        alpha: how much uncertainty counts against a modality, per standard deviation of U (unstandardised: per unit).
        beta: how much a suspected corruption counts against it, per unit of its logit.
        hidden: features h of a modality's Bayesian part.
        standardise: whether U is standardised per modality.
        weighting: ``reliability``, or ``uniform`` for the ablation r = 1 / M.
        warmup_steps: training steps over which alpha and beta rise from 0 (ours: U and the detector mean nothing before
            they have learned).
        combine: H is the weighted sum (the paper), or the concatenation of the weighted features, each times the number
            of present modalities (ours: with r = 1 / M it is early fusion).
        spread: what varies in U: the probabilities (the paper), or their logits (ours), whose variance does not shrink
            where a head is confident of the commoner outcome.
        detector: ``perceptron`` on the trunk's token (ours), or ``linear`` on h (the paper).
        detector_gradient: share of the detection's gradient that reaches the trunk; 1 in the paper.
        suspicion: what lowers r: ``soundness`` log(1 - c) (ours), which is 0 for any sound modality, or the ``logit``.
        average: evaluation takes the mean of the ``probabilities`` over t (ours), or of the ``features`` (the paper);
            training takes the features.
    """

    shares_tokens = True
    """Takes tokens of one row for any number of rows of presence: a modality is then drawn from once."""

    alpha: Tensor
    beta: Tensor
    spread_mean: Tensor
    spread_std: Tensor
    steps: Tensor

    def __init__(
        self,
        spec: ModelSpec,
        *,
        width: int = 128,
        samples: int = 20,
        training_samples: int = 4,
        dropout: float = 0.3,
        alpha: float = 0.0,
        beta: float = 1.0,
        hidden: int = 256,
        standardise: bool = True,
        weighting: Literal["reliability", "uniform"] = "reliability",
        warmup_steps: int = 250,
        combine: Literal["sum", "concatenation"] = "sum",
        spread: Literal["probability", "logit"] = "probability",
        detector: Literal["perceptron", "linear"] = "perceptron",
        detector_gradient: float = 0.3,
        suspicion: Literal["soundness", "logit"] = "soundness",
        average: Literal["probabilities", "features"] = "probabilities",
    ) -> None:
        super().__init__()
        self.keep_samples = False
        self.suspicion, self.average, self.detect_on_trunk = suspicion, average, detector == "perceptron"
        self.modalities = tuple(modality.value for modality in spec.modalities.names)
        self.tasks, self.standardise, self.spread = spec.tasks, standardise, spread
        self.weighting, self.warmup_steps, self.combine = weighting, warmup_steps, combine
        self.tails = nn.ModuleDict(
            {
                name: SampledTail(width, hidden, name, samples=samples, training_samples=training_samples, rate=dropout)
                for name in self.modalities
            }
        )
        self.heads = nn.ModuleDict({name: TaskHeads(spec.tasks, hidden) for name in self.modalities})
        self.detectors = CorruptionDetectors(
            self.modalities, width if self.detect_on_trunk else hidden, kind=detector, gradient=detector_gradient
        )
        joined = hidden * (len(self.modalities) if combine == "concatenation" else 1)
        self.mlp = nn.Sequential(nn.LayerNorm(joined), nn.Linear(joined, hidden), nn.GELU(), nn.Dropout(dropout))
        self.joint = TaskHeads(spec.tasks, hidden)
        count = len(self.modalities)
        self.register_buffer("steps", torch.zeros(()))
        self.register_buffer("alpha", torch.tensor(float(alpha)))
        self.register_buffer("beta", torch.tensor(float(beta)))
        self.register_buffer("spread_mean", torch.zeros(count))
        self.register_buffer("spread_std", torch.ones(count))

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch.

        ``extras``: ``features (B, M, h)``, ``variance``, ``total``, ``aleatoric``, ``epistemic`` and
        ``corruption_logits`` a modality ``(B, M)``, ``fused_total``, ``fused_aleatoric`` and ``fused_epistemic``
        ``(B,)``; of an absent modality they mean nothing and are zero.
        """
        shared = len(next(iter(tokens.values()))) < len(present)
        pooled = pooled_features(tokens, present.any(dim=0, keepdim=True) if shared else present)
        drawn = torch.stack([self.tails[name](pooled[:, m]) for m, name in enumerate(self.modalities)], dim=2)
        samples = torch.where(present[..., None], drawn, torch.zeros_like(drawn))  # (T, B, M, h)
        features = samples.mean(dim=0)
        read = drawn if shared else samples
        per_pass = {name: self.heads[name](read[:, :, m]) for m, name in enumerate(self.modalities)}
        own = [self._uncertainty(per_pass[name]) for name in self.modalities]
        doubt = {
            key: self._blank(torch.stack([getattr(value, key) for value in own], dim=1), present)
            for key in ("variance", "total", "aleatoric", "epistemic")
        }
        suspicion = self._blank(self.detectors(pooled if self.detect_on_trunk else features), present)
        if self.training:
            self._follow(doubt["variance"], present)
        risen = self._warmth() if self.training else 1.0
        weights = self.reliability(doubt["variance"], suspicion, present, risen * self.alpha, risen * self.beta)
        of_mean = self.training or self.average == "features"
        with torch.set_grad_enabled(torch.is_grad_enabled() and not of_mean):
            passes = self.decide(samples, weights)
        with torch.no_grad():
            fused = self._uncertainty(passes)
        logits = self.decide(features, weights) if of_mean else self._mixed(passes)
        extras = {**doubt, "features": features, "corruption_logits": suspicion}
        if self.keep_samples:
            extras["samples"] = samples.transpose(0, 1)
        extras |= {f"fused_{key}": getattr(fused, key) for key in ("total", "aleatoric", "epistemic")}
        means = {
            name: {task: value.mean(dim=0).expand(len(present), -1) for task, value in logit.items()}
            for name, logit in per_pass.items()
        }
        drawn_passes = {} if self.training else passes
        return FusionOutput(logits, weights=weights, modality_logits=means, extras=extras, passes=drawn_passes)

    def reliability(self, variance: Tensor, suspicion: Tensor, present: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        """The weights r ``(B, M)``: they sum to 1 over the present modalities and fall with U and with suspicion.

        Args:
            variance: U ``(B, M)``.
            suspicion: logit of the corruption head ``(B, M)``.
            present: ``(B, M)``.
        """
        if self.weighting == "uniform":
            score = torch.zeros_like(variance)
        else:
            spread = (variance - self.spread_mean) / self.spread_std if self.standardise else variance
            doubt = nn.functional.softplus(suspicion) if self.suspicion == "soundness" else suspicion
            score = -alpha.clamp_max(_LARGEST_SLOPE) * spread - beta.clamp_max(_LARGEST_SLOPE) * doubt
        weights = score.masked_fill(~present, -torch.inf).softmax(dim=1)
        return weights.detach() if self.training else weights

    def decide(self, features: Tensor, weights: Tensor) -> dict[str, Tensor]:
        """g(H) of features ``(..., B, M, h)`` and weights ``(B, M)``."""
        weighted = weights[..., None] * features
        if self.combine == "concatenation":
            weighted = (weighted * (weights > 0).sum(dim=1)[:, None, None]).flatten(-2)
        else:
            weighted = weighted.sum(dim=-2)
        joint: dict[str, Tensor] = self.joint(self.mlp(weighted))
        return joint

    def conclude(self, features: Tensor, samples: Tensor, weights: Tensor) -> dict[str, Tensor]:
        """What evaluation would say with other weights ``(B, M)``, of its features and ``samples (B, T, M, h)``."""
        if self.average == "features":
            return self.decide(features, weights)
        return self._mixed(self.decide(samples.transpose(0, 1), weights))

    def _mixed(self, passes: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Logits of the mean over t of the probabilities of ``{task: (T, B, K)}``."""
        even = torch.full((1, 1, 1), 1 / len(next(iter(passes.values()))))
        return {
            task.name: mixture_logits(task.kind, passes[task.name].transpose(0, 1), even.to(passes[task.name]))
            for task in self.tasks
        }

    @torch.no_grad()
    def fit_spread(self, variance: Tensor, present: Tensor) -> None:
        """Set mean and spread of U per modality from samples ``(N, M)``; a modality that never varies keeps 1."""
        for m in range(variance.shape[1]):
            values = variance[present[:, m], m]
            if len(values):
                self.spread_mean[m] = values.mean()
                spread = values.std(unbiased=False)
                self.spread_std[m] = spread if spread > _SMALLEST_SPREAD else 1.0

    def _warmth(self) -> Tensor:
        """How far alpha and beta have risen in [0, 1]; counts the training steps."""
        self.steps += 1
        return (self.steps / max(1, self.warmup_steps)).clamp_max(1.0)

    @torch.no_grad()
    def _follow(self, variance: Tensor, present: Tensor) -> None:
        """Move the running mean and spread of U a little towards this batch's."""
        mean, std = self.spread_mean.clone(), self.spread_std.clone()
        self.fit_spread(variance, present)
        self.spread_mean.lerp_(mean, 1 - _MOMENTUM)
        self.spread_std.lerp_(std, 1 - _MOMENTUM)

    def _uncertainty(self, logits: Mapping[str, Tensor]) -> Uncertainty:
        names = [task.name for task in self.tasks if task.kind is TaskKind.REGRESSION]
        scale = {name: self.joint.get_buffer(f"std_{name}") for name in names}
        return uncertainty(self.tasks, logits, scale, of=self.spread)

    @staticmethod
    def _blank(values: Tensor, present: Tensor) -> Tensor:
        return torch.where(present, values, torch.zeros_like(values))
