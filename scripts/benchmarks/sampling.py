"""Processor seconds a sample: ten steps of rectified flow and our decoder against MONAI's tutorials, DDPM-1000.

    python scripts/benchmarks/sampling.py [--json] [--batch N] [--threads N] [--rounds N]

Films of 128 px, latents 4 x 32 x 32, one and the same U-Net under 15 tokens of condition, untrained weights: this is
about time only. The usual way is LatentDiffusionInferer.sample with DDPMScheduler in 1000 steps and an autoencoder as
in MONAI's tutorial on 2D latent diffusion, in fp32, run once and whole. Ours is what the bundle's inference runs, in
bf16 where the processor has it, median over rounds. Whether ten steps are good enough is not for a benchmark of time:
see the bundle's scores. A volume's latent of 32^3 cells is decoded whole and by tiles of 16^3: peak memory above what
the process held before, tiles first, since memory once taken is not always given back.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from _report import Row, report
from monai.inferers import LatentDiffusionInferer
from monai.networks.nets import AutoencoderKL, DiffusionModelUNet
from monai.networks.schedulers import DDPMScheduler
from torch import nn

from monai_app.core.processor import has_bf16, peak_bytes, reset_peak, resident_bytes
from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.generate.decoding import decode
from monai_app.generate.sampling import Drawing, draw_latents
from monai_app.networks.encoders import TableEncoder
from monai_app.networks.generation import ConditionedDiffusion, ConditionEncoder, FoldedAutoencoder

SHAPE, WIDTH, TOKENS = (4, 32, 32), 128, 15
GOAL = 100.0
CELLS, TILE = 32, 16


def unet(in_channels: int, out_channels: int) -> nn.Module:
    """The U-Net of the overlay film128, without folding."""
    return DiffusionModelUNet(
        spatial_dims=2, in_channels=in_channels, out_channels=out_channels, num_res_blocks=1, channels=(64, 128, 128),
        attention_levels=(False, True, True), norm_num_groups=16, num_head_channels=32, with_conditioning=True,
        cross_attention_dim=WIDTH,
    )  # fmt: skip


class Tokens(TableEncoder):
    """As many tokens as a condition of table, series, note and twelve labels has."""

    tokens = TOKENS - 1

    def forward(self, table: torch.Tensor) -> torch.Tensor:
        """The table's token, repeated."""
        return super().forward(table).repeat(1, self.tokens, 1)


def seconds(way: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    started = time.process_time()
    way()
    return time.process_time() - started


@torch.inference_mode()
def volume_row() -> Row:
    """Peak memory of decoding 128^3 voxels, whole and by tiles."""
    with scoped_torch_seed("volume"):
        decoder = FoldedAutoencoder(3).eval()
    latent = torch.randn(1, 4, CELLS, CELLS, CELLS, generator=torch_generator("volume noise"))
    peaks = []
    for tile in ([TILE] * 3, None):
        base = resident_bytes()
        reset_peak()
        decode(decoder, latent, tile=tile)
        peaks.append((peak_bytes() - base) / 2**20)
    what = f"decoding {4 * CELLS}^3 voxels: whole / tiles of {TILE}^3 cells, peak above the base"
    return {"what": what, "usual": peaks[1], "ours": peaks[0], "unit": "MiB", "ratio": peaks[1] / peaks[0], "goal": 1.0}


@torch.inference_mode()
def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with scoped_torch_seed("sampling benchmark"):
        ours = ConditionedDiffusion(ConditionEncoder((), {"table": Tokens(4, width=WIDTH)}, width=WIDTH), unet).eval()
        decoder = FoldedAutoencoder(2).eval()
        tutorial = AutoencoderKL(
            spatial_dims=2, channels=(128, 128, 256), latent_channels=4, num_res_blocks=2,
            attention_levels=(False, False, False), with_encoder_nonlocal_attn=False, with_decoder_nonlocal_attn=False,
        ).eval()  # fmt: skip
    bf16 = has_bf16(torch.device("cpu"))
    table = torch.rand(options.batch, 2, 4, generator=torch_generator("table"))
    inputs = {"table": table, "table_present": torch.ones(options.batch, dtype=torch.bool)}
    noise = torch.randn(options.batch, *SHAPE, generator=torch_generator("noise"))
    scheduler = DDPMScheduler(num_train_timesteps=1000, schedule="scaled_linear_beta")
    scheduler.set_timesteps(1000)
    inferer = LatentDiffusionInferer(scheduler)

    def draw() -> torch.Tensor:
        drawn = draw_latents(ours, inputs, SHAPE, list(range(options.batch)), Drawing(bf16=bf16))
        return decode(decoder, drawn, bf16=bf16)

    def usual() -> object:
        tokens = ours.condition(inputs)
        return inferer.sample(
            input_noise=noise, autoencoder_model=tutorial, diffusion_model=ours.unet, scheduler=scheduler,
            conditioning=tokens, verbose=False,
        )  # fmt: skip

    draw()
    lean = statistics.median(seconds(draw) for _ in range(options.rounds)) / options.batch
    lean_decode = statistics.median(seconds(lambda: decode(decoder, noise, bf16=bf16)) for _ in range(options.rounds))
    usual_decode = statistics.median(seconds(lambda: tutorial.decode(noise)) for _ in range(options.rounds))
    slow = seconds(usual) / options.batch
    form = "bf16" if bf16 else "fp32"
    rows: list[Row] = [
        {
            "what": f"a film: DDPM-1000, tutorial / flow-10, ours ({form})",
            "usual": slow, "ours": lean, "unit": "s a sample", "ratio": slow / lean, "goal": GOAL,
        },
        {
            "what": f"of it the decoder: tutorial's / folded ({form})",
            "usual": usual_decode / options.batch, "ours": lean_decode / options.batch, "unit": "s a sample",
            "ratio": usual_decode / lean_decode, "goal": 1.0,
        },
    ]  # fmt: skip
    report("Sampling in few steps", [*rows, volume_row()], options.json)


if __name__ == "__main__":
    main()
