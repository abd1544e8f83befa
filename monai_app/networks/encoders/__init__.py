"""One encoder a modality, all giving tokens ``(B, K, d)``."""

from __future__ import annotations

from torch import nn

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.encoders.film import FilmEncoder
from monai_app.networks.encoders.note import NoteEncoder, PretrainedNoteEncoder
from monai_app.networks.encoders.series import LSTMEncoder, SeriesTransformerEncoder, StatisticsEncoder
from monai_app.networks.encoders.table import TableEncoder

_SERIES = {"lstm": LSTMEncoder, "transformer": SeriesTransformerEncoder, "statistics": StatisticsEncoder}

__all__ = [
    "FilmEncoder",
    "LSTMEncoder",
    "NoteEncoder",
    "PretrainedNoteEncoder",
    "SeriesTransformerEncoder",
    "StatisticsEncoder",
    "TableEncoder",
    "default_encoders",
]


def default_encoders(
    spec: ModelSpec,
    *,
    width: int = 128,
    film: str = "resnet34",
    series: str = "lstm",
    note: str = "small",
    vocabulary_size: int = 4096,
    dropout: float = 0.3,
) -> dict[str, nn.Module]:
    """The encoders for the modalities of a spec.

    Args:
        width: token width d.
        film: ``resnet34``, ``resnet18`` or ``densenet121``.
        series: ``lstm``, ``transformer`` or ``statistics``.
        note: ``small`` (trained here), or a local path or name that Hugging Face's AutoModel understands.
        vocabulary_size: number of token ids of the small note encoder.

    Raises:
        ValueError: an unknown encoder name.
    """
    encoders: dict[str, nn.Module] = {}
    modalities = spec.modalities
    if modalities.film is not None:
        encoders["film"] = FilmEncoder(film, width=width)
    if modalities.series is not None:
        if series not in _SERIES:
            msg = f"Series encoder must be one of {sorted(_SERIES)}, got {series!r}"
            raise ValueError(msg)
        encoders["series"] = _SERIES[series](modalities.series, width=width, dropout=dropout)
    if modalities.table is not None:
        encoders["table"] = TableEncoder(len(modalities.table.columns), width=width, dropout=dropout)
    if modalities.note is not None:
        encoders["note"] = (
            NoteEncoder(vocabulary_size, width=width, max_tokens=modalities.note.max_tokens, dropout=dropout)
            if note == "small"
            else PretrainedNoteEncoder(note, width=width)
        )
    return encoders
