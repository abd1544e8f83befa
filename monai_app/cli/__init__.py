"""Floor 6: the ``monai-app`` command. Nothing here computes."""
