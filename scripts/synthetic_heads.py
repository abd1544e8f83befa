"""Data lists for the overlay whole_head_synthetic: ``synthetic_heads.py FOLDER_OF_LABEL_MAPS OUT``.

Writes OUT/whole_head.json, to train with, and OUT/images/dataset.json, synthetic images of all maps to evaluate on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from monai_app.engines.volumes.synthetic_heads import list_heads, write_synthetic_heads


def main() -> None:
    """Read the command line and write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("maps", type=Path, help="folder of FreeSurfer label maps at 2 mm, .nii.gz")
    parser.add_argument("out", type=Path, help="folder to write")
    parser.add_argument("--draws", type=int, default=5, help="images of each map to evaluate on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--force", action="store_true", help="replace OUT/images")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    print(list_heads(given.maps, given.out / "whole_head.json"))
    count = write_synthetic_heads(
        given.out / "whole_head.json", given.out / "images", draws=given.draws, seed=given.seed, force=given.force
    )
    print(f"{count} synthetic heads to evaluate on")


if __name__ == "__main__":
    main()
