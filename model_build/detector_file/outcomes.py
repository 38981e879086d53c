"""Section [outcomes] of a detector file: the lowest score of each outcome, from weak to strong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.detectors.version import Outcome

from model_build.detector_file.toml import TomlReader

# In place of a score: training sets it where costs are least, or only rules give the outcome.
_FROM_COST, _FROM_RULES = "cost", "rules"
_DEFAULT_OUTCOMES = {"review": 900, "block": 975}


def _given_outcomes(reader: TomlReader) -> Mapping[str, Any] | None:
    """Return the outcomes that scores have; None where the section is left out."""
    given: Mapping[str, Any] | None = reader.sections.get("outcomes")
    return None if given is None else {name: value for name, value in given.items() if value != _FROM_RULES}


def read_order(reader: TomlReader) -> tuple[str, ...]:
    """Return all outcomes from weak to strong, those that only rules give among them."""
    if reader.sections.get("outcomes", {}).get("approve") == _FROM_RULES:
        raise reader.fail("outcomes", "approve", "is always the first outcome; remove it")
    return ("approve", *reader.sections.get("outcomes", _DEFAULT_OUTCOMES))


def wants_outcomes_from_cost(reader: TomlReader, costs: Costs | None) -> bool:
    """Return whether training is to set the scores of the outcomes; raise `DetectorFileError` where it cannot."""
    given: Mapping[str, Any] = _given_outcomes(reader) or {}
    if _FROM_COST not in given.values():
        return False
    if given != dict.fromkeys(_DEFAULT_OUTCOMES, _FROM_COST):
        odd = [name for name in given if name not in _DEFAULT_OUTCOMES or given[name] != _FROM_COST]
        name = next(iter(odd or given))
        both = " and ".join(f'{outcome} = "{_FROM_COST}"' for outcome in _DEFAULT_OUTCOMES)
        raise reader.fail(
            "outcomes", name, f'cannot be combined: with "{_FROM_COST}", write {both}, and no other outcome'
        )
    if costs is None:
        wanted = "needs amount in [event], or a number for missed_fraud in [costs]"
        raise reader.fail("outcomes", "review", f'is "{_FROM_COST}", which {wanted}')
    return True


def read_outcomes(reader: TomlReader, *, from_cost: bool) -> tuple[Outcome, ...]:
    """Return the outcomes that scores have, from weak to strong; the defaults where training sets their scores."""
    given = _DEFAULT_OUTCOMES if from_cost else _given_outcomes(reader)
    outcomes = [Outcome("approve", 0)]
    for name, score in (_DEFAULT_OUTCOMES if given is None else given).items():
        if isinstance(score, bool) or not isinstance(score, int) or not 1 <= score <= TOP_SCORE:
            raise reader.fail("outcomes", name, f"must be a score from 1 to {TOP_SCORE}, not {score!r}")
        if score <= outcomes[-1].from_score or name == "approve":
            raise reader.fail(
                "outcomes",
                name,
                "must come after the weaker outcomes, with a higher score; approve is always the first",
            )
        outcomes.append(Outcome(name, score))
    return tuple(outcomes)
