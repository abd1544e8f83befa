"""One encoder a modality, all giving tokens ``(B, K, d)``."""

from __future__ import annotations

from torch import nn

from monai_app.cohort.spec import ModelSpec, NoteSpec
from monai_app.networks.encoders.film import FilmEncoder
from monai_app.networks.encoders.film_statistics import FilmStatisticsEncoder
from monai_app.networks.encoders.note import BagNoteEncoder, NoteEncoder, PretrainedNoteEncoder
from monai_app.networks.encoders.series import LSTMEncoder, SeriesTransformerEncoder, StatisticsEncoder
from monai_app.networks.encoders.table import TableEncoder

_SERIES = {"lstm": LSTMEncoder, "transformer": SeriesTransformerEncoder, "statistics": StatisticsEncoder}

__all__ = [
    "BagNoteEncoder",
    "FilmEncoder",
    "FilmStatisticsEncoder",
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
        film: ``resnet34``, ``resnet18``, ``densenet121``, ``densenet_narrow``, the latter two with ``_group``
            (GroupNorm), or ``statistics`` (fixed ones).
        series: ``lstm``, ``transformer`` or ``statistics``.
        note: ``small`` or ``bag`` (trained here), or a local path or name that Hugging Face's AutoModel understands.
        vocabulary_size: number of token ids of the note encoders that are trained here.

    Raises:
        InputRejected: ``FILM_TOO_SMALL``.
        ValueError: an unknown encoder name.
    """
    encoders: dict[str, nn.Module] = {}
    modalities = spec.modalities
    if modalities.film is not None:
        encoders["film"] = (
            FilmStatisticsEncoder(width=width, dropout=dropout)
            if film == "statistics"
            else FilmEncoder(film, width=width, size_px=modalities.film.size_px)
        )
    if modalities.series is not None:
        if series not in _SERIES:
            msg = f"Series encoder must be one of {sorted(_SERIES)}, got {series!r}"
            raise ValueError(msg)
        encoders["series"] = _SERIES[series](modalities.series, width=width, dropout=dropout)
    if modalities.table is not None:
        encoders["table"] = TableEncoder(len(modalities.table.columns), width=width, dropout=dropout)
    if modalities.note is not None:
        encoders["note"] = _note_encoder(modalities.note, note, vocabulary_size, width=width, dropout=dropout)
    return encoders


def _note_encoder(spec: NoteSpec, name: str, vocabulary_size: int, *, width: int, dropout: float) -> nn.Module:
    if name == "bag":
        return BagNoteEncoder(vocabulary_size, width=width, dropout=dropout)
    if name == "small":
        return NoteEncoder(vocabulary_size, width=width, max_tokens=spec.max_tokens, dropout=dropout)
    return PretrainedNoteEncoder(name, width=width)
