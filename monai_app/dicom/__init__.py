"""Floor 1: DICOM objects in and out; the only room that imports pydicom."""
