"""Multimodal medical diagnosis on MONAI: cohorts, networks, engines, reports. Not for diagnosis."""

__version__ = "0.1.0"
