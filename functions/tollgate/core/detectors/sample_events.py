"""Sample of past events that a version is sealed with: some of those on which it was evaluated."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tollgate.core.detectors.version import DetectorVersion, sha256
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.reader import read_events
from tollgate.core.explanations.explain import RankedReason
from tollgate.core.features.feature import Matrix
from tollgate.errors import SealError

# NumPy's own file: the functions that answer at once have no reader of Parquet.
PAST_EVENTS = "past_events.npz"


@dataclass(frozen=True, eq=False)
class PastEvents:
    """n events of the test period, from which no model has learned, in order of time.

    ``columns`` hold each variable as it is posted, None where it is missing; ``events`` are the same, read.
    ``features`` have shape (n, f); all other arrays have shape (n,). ``labels`` are 1 for fraud, 0 for legitimate, -1
    for not labeled. ``weights`` say for how many events of the period each one stands. Where rules alone decide,
    ``scores`` and ``probabilities`` are None. ``contributions``, (n, f), are what each feature did for the log-odds, to
    three digits, and ``reasons`` the weightiest of each event; None and empty where there are no exact ones.
    """

    columns: Mapping[str, Sequence[object]]
    events: Events
    features: Matrix
    labels: npt.NDArray[np.int8]
    weights: Floats
    scores: Ints | None
    probabilities: Floats | None
    contributions: npt.NDArray[np.float16] | None
    reasons: Sequence[Sequence[RankedReason]]

    def __len__(self) -> int:
        return len(self.events)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each event, by its id."""
        return {event_id: place for place, event_id in enumerate(self.events.ids)}

    def posted(self, place: int) -> dict[str, object]:
        """Return one event as it is posted; what is missing is left out."""
        return {name: column[place] for name, column in self.columns.items() if column[place] is not None}


def write_past_events(
    columns: Mapping[str, Sequence[object]],
    arrays: Mapping[str, npt.NDArray[Any] | None],
    reasons: Sequence[Sequence[RankedReason]] = (),
) -> bytes:
    """Return a file of past events; the same events always give the same bytes.

    ``columns`` and ``reasons`` are as in `PastEvents`, and ``arrays`` are its other fields but ``events``.
    """
    out = io.BytesIO()
    given = {name: array for name, array in arrays.items() if array is not None}
    told = [[astuple(reason) for reason in some] for some in reasons]
    texts = {"columns": _to_json(columns), "reasons": _to_json(told)}
    np.savez_compressed(out, allow_pickle=False, **texts, **given)
    return out.getvalue()


def _to_json(plain: object) -> npt.NDArray[np.uint8]:
    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return np.frombuffer(text.encode(), dtype=np.uint8)


def has_past_events(version: DetectorVersion) -> bool:
    """Return whether a version was sealed with past events."""
    return version.manifest.get("past_events") is not None


def open_past_events(version: DetectorVersion, content: bytes | None) -> PastEvents:
    """Open the past events of a version that has some; raise `SealError` unless every byte is what was sealed."""
    check_past_events(version, content)
    with np.load(io.BytesIO(content or b""), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    columns: Mapping[str, Sequence[object]] = json.loads(arrays["columns"].tobytes())
    events, problems = read_events(version.event_type, columns)
    if problems:
        raise SealError(f"{PAST_EVENTS} of version {version.version} cannot be read: {problems[0]}; train it anew.")
    return PastEvents(
        columns=columns,
        events=events,
        features=arrays["features"],
        labels=arrays["labels"],
        weights=arrays["weights"],
        scores=arrays.get("scores"),
        probabilities=arrays.get("probabilities"),
        contributions=arrays.get("contributions"),
        reasons=[[RankedReason(*reason) for reason in some] for some in json.loads(arrays["reasons"].tobytes())],
    )


def check_past_events(version: DetectorVersion, content: bytes | None) -> None:
    """Raise `SealError` unless ``content`` is the file of past events that the version was sealed with."""
    if content is None:
        raise SealError(f"Version {version.version} lacks its file {PAST_EVENTS}; publish the whole folder again.")
    if sha256(content) != version.manifest["past_events"]["sha256"]:
        raise SealError(
            f"{PAST_EVENTS} of version {version.version} was changed after sealing; publish the sealed folder again."
        )
