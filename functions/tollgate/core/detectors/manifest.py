"""Manifest of a detector version: everything that it decides by, except its model and its reasons, as plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any

from tollgate.core.detectors.safety import Safety
from tollgate.core.detectors.score import ScoreScale
from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature
from tollgate.core.files.file_format import FileForm
from tollgate.core.history.plan import HistoryPlan, LabelMaturation, Sum
from tollgate.core.history.sum_kinds import SumKind
from tollgate.core.history.unusual_amounts import UnusualAmountRule
from tollgate.core.rules.rule import RuleBook
from tollgate.core.streams.mapping import StreamMapping


@dataclass(frozen=True)
class Outcome:
    """What to do with events that score ``from_score`` or higher."""

    name: str
    from_score: int


def _written(
    write: Callable[[Any], object], read: Callable[[Any], object], name: str | None = None
) -> Mapping[str, Any]:
    """Say how the value of a key is written and read, and the key's name in the manifest where it is another."""
    return {"write": write, "read": read, "name": name}


def _write_history(plan: HistoryPlan) -> dict[str, Any]:
    return {
        "half_lives_s": list(plan.half_lives_s),
        "sums": {entity: [[s.kind, s.half_life] for s in kept] for entity, kept in plan.sums.items()},
        "maturing": asdict(plan.maturing) if plan.maturing else None,
        "unusual": asdict(plan.unusual) if plan.unusual else None,
    }


def _read_history(plain: Mapping[str, Any]) -> HistoryPlan:
    kept: Mapping[str, Sequence[Any]] = plain["sums"]
    return HistoryPlan(
        tuple(plain["half_lives_s"]),
        {entity: tuple(Sum(SumKind(kind), half_life) for kind, half_life in sums) for entity, sums in kept.items()},
        LabelMaturation(**plain["maturing"]) if plain["maturing"] else None,
        UnusualAmountRule(**plain["unusual"]) if plain["unusual"] else None,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class SealedDetector:
    """A detector as a manifest holds it: each field is one key, in their order, and is written and read here alone.

    A key that came later has the default that versions without it keep.
    """

    detector: str
    description: str = ""
    created_at: str
    event_type: EventType = field(metadata=_written(EventType.to_json, EventType.from_json))
    history: HistoryPlan = field(metadata=_written(_write_history, _read_history))
    features: tuple[Feature, ...] = field(
        metadata=_written(
            lambda features: [feature.to_json() for feature in features],
            lambda plain: tuple(Feature.from_json(feature) for feature in plain),
        )
    )
    scale: ScoreScale = field(metadata=_written(ScoreScale.to_json, ScoreScale.from_json, "score_scale"))
    outcomes: tuple[Outcome, ...] = field(
        metadata=_written(
            lambda outcomes: [asdict(outcome) for outcome in outcomes],
            lambda plain: tuple(Outcome(**outcome) for outcome in plain),
        )
    )
    record_batches: bool
    rule_book: RuleBook = field(
        default_factory=RuleBook, metadata=_written(RuleBook.to_json, RuleBook.from_json, "rules")
    )
    safety: Safety = field(default_factory=Safety, metadata=_written(Safety.to_json, Safety.from_json))
    stream: StreamMapping = field(
        default_factory=StreamMapping, metadata=_written(StreamMapping.to_json, lambda plain: StreamMapping(**plain))
    )
    file_form: FileForm = field(
        default_factory=FileForm, metadata=_written(FileForm.to_json, lambda plain: FileForm(**plain))
    )

    def to_manifest(self) -> dict[str, Any]:
        """Return the keys of a manifest that say how the detector decides."""
        return {
            name: key.metadata["write"](getattr(self, key.name)) if key.metadata else getattr(self, key.name)
            for name, key in _KEYS.items()
        }

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> SealedDetector:
        """Rebuild what `to_manifest` wrote; keys that a manifest lacks have their defaults."""
        found = {
            key.name: key.metadata["read"](manifest[name]) if key.metadata else manifest[name]
            for name, key in _KEYS.items()
            if name in manifest
        }
        history = replace(found["history"], parents=found["event_type"].parents)
        return SealedDetector(**found | {"history": history})


_KEYS: Mapping[str, Field[Any]] = {key.metadata.get("name") or key.name: key for key in fields(SealedDetector)}
