"""Putting the product behind a PACS: applications from DICOM folders to DICOM results. Nothing here computes."""
