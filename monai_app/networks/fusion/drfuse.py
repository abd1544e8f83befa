"""DrFuse (AAAI 2024): shared and distinct features apart, then attention over them for each disease of its own.

The paper has records and one film. Our reading for any number of modalities, each a set of tokens:

- the encoders are the stems of both features of a modality; each feature is a transformer layer and the mean token;
- shared features meet as the logit of the mean of their sigmoids over those present, distinct ones stay apart;
- a disease is one output of any task; the value f_n that it attends to is read by the task's own linear head;
- the reported weight of a modality is the attention on its distinct feature, averaged over the outputs, and an equal
  part of that on the shared feature;
- the divergence of several shared features is H(mean p) - mean H(p), which for two is the Jensen-Shannon divergence.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, logsigmoid

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.pooling import present_tokens
from monai_app.networks.heads import TaskHeads
from monai_app.networks.output import Branches, FusionOutput

SHARED = "shared"


class DrFuse(nn.Module):
    """Disentangled features and disease-wise attention.

    Branches: the distinct feature of each modality, then ``shared``; each has heads of its own (our reading).
    Auxiliary terms: ``divergence`` of the shared features, zero where fewer than two are present; ``overlap``, the sum
    of abs(cos(shared, distinct)) over the present modalities.
    """

    def __init__(self, spec: ModelSpec, *, width: int = 128, heads: int = 4, dropout: float = 0.3) -> None:
        super().__init__()
        names = [modality.value for modality in spec.modalities.names]

        def layer() -> nn.TransformerEncoderLayer:
            return nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, activation="gelu", batch_first=True)

        self.shared = nn.ModuleDict({name: layer() for name in names})
        self.distinct = nn.ModuleDict({name: layer() for name in names})
        self.common = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, width)
        )
        self.width, self.outputs = width, {task.name: task.outputs for task in spec.tasks}
        self.attend = nn.Linear(width, (2 + sum(self.outputs.values())) * width)
        self.heads = TaskHeads(spec.tasks, width)
        self.branch_heads = nn.ModuleDict({name: TaskHeads(spec.tasks, width) for name in (*names, SHARED)})

    def forward(self, tokens: Mapping[str, Tensor], present: Tensor) -> FusionOutput:
        """Fuse a batch."""
        tokens = present_tokens(tokens, present)
        # Absent tokens are zeros here and attend to themselves alone; what comes of them is masked below.
        distinct = torch.stack([self.distinct[name](value).mean(dim=1) for name, value in tokens.items()], dim=1)
        own = torch.stack([self.shared[name](value).mean(dim=1) for name, value in tokens.items()], dim=1)
        shared: Tensor = self.common(own).float()
        joint = mean_logit(shared, present)
        branches = torch.cat([distinct, joint[:, None].to(distinct.dtype)], dim=1)
        there = torch.cat([present, torch.ones_like(present[:, :1])], dim=1)
        logits, attention = self._disease_wise(branches, there)
        names = [*tokens, SHARED]
        overlap = cosine_similarity(shared, distinct.float(), dim=2).abs().masked_fill(~present, 0.0).sum(dim=1)
        return FusionOutput(
            logits,
            weights=_modality_weights(torch.cat(list(attention.values()), dim=1).mean(dim=1), present),
            branches=Branches(
                {name: self.branch_heads[name](branches[:, index]) for index, name in enumerate(names)},
                there,
                attention,
            ),
            auxiliary={"divergence": shared_divergence(shared, present), "overlap": overlap},
        )

    def _disease_wise(self, branches: Tensor, there: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """a_n = softmax(mean q . K_n / sqrt d), f_n = a_n V: logits ``(B, K)`` and attention ``(B, K, R)`` a task."""
        query, value, keys = self.attend(branches).split(
            [self.width, self.width, self.attend.out_features - 2 * self.width], 2
        )
        keys = keys.unflatten(2, (-1, self.width))
        share = there / there.sum(dim=1, keepdim=True)
        score = torch.einsum("br,brd,bsnd->bns", share.to(query.dtype), query, keys).float() / self.width**0.5
        attention = score.masked_fill(~there[:, None], -torch.inf).softmax(dim=2)
        read = self.heads(torch.einsum("bnr,brd->bnd", attention.to(value.dtype), value))
        logits, weights, start = {}, {}, 0
        for task, count in self.outputs.items():
            # Output n reads f_n: of what a task's head makes of each f, only the diagonal is asked for.
            logits[task] = read[task][:, start : start + count].diagonal(dim1=1, dim2=2)
            weights[task] = attention[:, start : start + count]
            start += count
        return logits, weights


def mean_logit(logits: Tensor, present: Tensor) -> Tensor:
    """logit(mean over present m of sigmoid h_m), ``(B, M, d) -> (B, d)``, exact also where the sigmoids saturate.

    For two: log(2 e^{h1 + h2} + e^{h1} + e^{h2}) - log(2 + e^{h1} + e^{h2}). One alone is returned as it is.
    """
    absent = ~present[..., None]
    yes = logsigmoid(logits).masked_fill(absent, -torch.inf).logsumexp(dim=1)
    no = logsigmoid(-logits).masked_fill(absent, -torch.inf).logsumexp(dim=1)
    return yes - no


def shared_divergence(logits: Tensor, present: Tensor) -> Tensor:
    """H(mean p) - mean H(p) in nats of the Bernoulli p = sigmoid h over the present modalities, mean over features.

    Args:
        logits: ``(B, M, d)``.
        present: ``(B, M)``.

    Returns:
        ``(B,)``, zero where fewer than two are present.
    """
    share = (present / present.sum(dim=1, keepdim=True))[..., None]
    apart = (_entropy(logits) * share).sum(dim=1)
    divergence = (_entropy(mean_logit(logits, present)) - apart).mean(dim=1)
    return divergence.masked_fill(present.sum(dim=1) < 2, 0.0)


def _entropy(logits: Tensor) -> Tensor:
    return -(logits.sigmoid() * logsigmoid(logits) + (-logits).sigmoid() * logsigmoid(-logits))


def _modality_weights(attention: Tensor, present: Tensor) -> Tensor:
    """Weights ``(B, M)`` from the attention on the branches ``(B, M + 1)``."""
    return attention[:, :-1] + attention[:, -1:] * present / present.sum(dim=1, keepdim=True)
