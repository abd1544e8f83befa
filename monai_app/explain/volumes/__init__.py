"""Attribution for volumes: what a classification, or the segmentation of one structure, rests on."""
