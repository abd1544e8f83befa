"""A patient's FHIR R4 record as the events of a cohort: read, matched to the patient, mapped, cut at a time."""
