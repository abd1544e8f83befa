"""``python -m monai_app.cli``."""

from monai_app.cli.app import main

main()
