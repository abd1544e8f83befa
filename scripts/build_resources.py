"""Builds the package with the top-level bundles/ and configs/ inside it, where ``core.resources`` looks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py


class BuildWithResources(build_py):
    """Copies what is no Python code into ``monai_app/shipped``; an editable installation reads the checkout itself."""

    def run(self) -> None:
        """Build as usual, then copy."""
        super().run()
        if self.editable_mode:
            return
        for folder in ("bundles", "configs"):
            target = Path(self.build_lib, "monai_app", "shipped", folder)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(folder, target)
