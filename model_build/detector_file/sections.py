"""Sections of a detector file with few keys: [detector], [entities], [history], [costs] and [outcomes]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Strict
from tollgate.core.detectors.costs import AMOUNT, Costs
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.rules.rule import Mode
from tollgate.errors import suggest

from model_build.detector_file.messages import WrongValueError, show
from model_build.detector_file.section import Duration, Positive, Section, Table, Text, key

# In place of a score: training sets it where costs are least, or only rules give the outcome.
_FROM_COST, _FROM_RULES = "cost", "rules"
_DEFAULT_OUTCOMES = {"review": 900, "block": 975}
_DETECTOR, _ENTITY = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z][a-z0-9_]{0,30}")
_MAX_PRICE = 10**12
_MAX_ENTITIES, _MAX_COLUMNS, _MAX_HALF_LIVES = 20, 4, 8


def _read_id(name: str) -> str:
    if not _DETECTOR.fullmatch(name):
        raise WrongValueError("must be lowercase letters, digits, - and _, starting with a letter")
    return name


class DetectorSection(Section):
    """The keys of [detector]."""

    id: Annotated[Text, AfterValidator(_read_id)] = key(
        ...,
        "Name of the detector: lowercase letters, digits, `-` and `_`, beginning with a letter, at most 63 characters. "
        "It is part of the inbox's keys and of every response.",
    )
    description: str = key("", "One line for people.")
    rules_mode: Mode = key(
        "FIRST_MATCHED",
        'How [rules](#rules) decide: by the first rule that matches, or (`"ALL_MATCHED"`) by the strongest outcome of '
        "all rules that match.",
    )


def _read_entities(given: Table) -> dict[str, tuple[str, ...]]:
    entities = {}
    for name, columns in given.items():
        parts = [columns] if isinstance(columns, str) else columns
        if not _ENTITY.fullmatch(name):
            raise WrongValueError("must be lowercase letters, digits and _, as it names features", name)
        if not isinstance(parts, list) or not all(isinstance(part, str) and part for part in parts):
            parts = []
        if not 1 <= len(parts) <= _MAX_COLUMNS:
            raise WrongValueError('must be a column, or a list of up to four, such as ["card", "device"]', name)
        entities[name] = tuple(parts)
    if len(entities) > _MAX_ENTITIES:
        raise WrongValueError(
            f"has more than {_MAX_ENTITIES} entities, the limit, as each is read and written for every payment"
        )
    return entities


Entities = Annotated[Table, AfterValidator(_read_entities)]


def _sort_half_lives(given: tuple[float, ...]) -> tuple[float, ...]:
    if not 1 <= len(set(given)) <= _MAX_HALF_LIVES:
        raise WrongValueError("must have one to eight durations")
    return tuple(sorted(set(given)))


class HistorySection(Section):
    """The keys of [history]."""

    half_lives: Annotated[tuple[Duration, ...], Strict(False), AfterValidator(_sort_half_lives)] = key(
        ("1h", "1d", "7d", "30d"),
        "The half-lives over which histories fade; one to eight. Short ones show bursts, long ones show habits.",
        example='["1h", "1d", "7d"]',
    )
    unusual_times: Positive = key(
        2.5,
        "An amount is unusually large if it is this many times the usual amount of the first entity of one column, "
        "which needs three payments or more. Histories count such payments and sum how far amounts went beyond the "
        "usual. They also separate fraud with ordinary amounts, which points to a compromised merchant or device, from "
        "fraud with large amounts.",
    )
    unusual_amount: Positive | None = key(None, "An amount above this is unusually large, whoever pays.")
    record_batches: bool = key(False, "Whether the payments of scored [files](files.md) enter the histories.")


def _read_price(value: object, *, amount: bool = False) -> float | None:
    if amount and value in (None, AMOUNT):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MAX_PRICE:
        also, known = (f'"{AMOUNT}" or ', (AMOUNT,)) if amount else ("", ())
        near = suggest(value, known) if isinstance(value, str) else ""
        raise WrongValueError(f"must be {also}a number from 0 to 10^12, not {show(value)}{near}")
    return float(value)


_Price = Annotated[float, BeforeValidator(_read_price)]


class CostsSection(Section):
    """The keys of [costs]."""

    missed_fraud: Annotated[float | None, BeforeValidator(lambda value: _read_price(value, amount=True))] = key(
        None,
        'What an approved fraud costs: its `"amount"`, or the same number for each.',
        type=f'`"{AMOUNT}"` or number',
        default="its amount",
    )
    review: _Price = key(
        Costs.review, "What one review costs. We assume that it finds the truth; it costs this much whatever it finds."
    )
    blocked_legitimate: _Price = key(
        Costs.blocked_legitimate,
        "What it costs to block a legitimate payment: lost margin, a call, a customer who may not come back.",
    )

    def costs(self, *, has_amount: bool, is_written: bool) -> Costs | None:
        """Return the costs; None where a missed fraud has no price, as there is neither an amount nor a section."""
        if not has_amount and self.missed_fraud is None:
            if is_written:
                raise WrongValueError("must be a number, as [event] has no amount", "costs", "missed_fraud")
            return None
        defaults = tuple(name for name in type(self).model_fields if not self.has(name))
        return Costs(self.missed_fraud, self.review, self.blocked_legitimate, defaults)


def read_order(given: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return all outcomes of [outcomes] from weak to strong, those that only rules give among them."""
    if given and given.get("approve") == _FROM_RULES:
        raise WrongValueError("is always the first outcome; remove it", "outcomes", "approve")
    return ("approve", *(_DEFAULT_OUTCOMES if given is None else given))


def read_outcomes(given: Mapping[str, Any] | None, costs: Costs | None) -> tuple[tuple[Outcome, ...], bool]:
    """Return the outcomes that scores have, from weak to strong, and whether training is to set their scores.

    Where it is, the scores are the defaults.
    """
    scores = _DEFAULT_OUTCOMES if given is None else {k: v for k, v in given.items() if v != _FROM_RULES}
    from_cost = _FROM_COST in scores.values()
    if from_cost:
        _check_from_cost(scores, costs)
        scores = _DEFAULT_OUTCOMES
    outcomes = [Outcome("approve", 0)]
    for name, score in scores.items():
        if isinstance(score, bool) or not isinstance(score, int) or not 1 <= score <= TOP_SCORE:
            raise WrongValueError(f"must be a score from 1 to {TOP_SCORE}, not {show(score)}", "outcomes", name)
        if score <= outcomes[-1].from_score or name == "approve":
            wanted = "must come after the weaker outcomes, with a higher score; approve is always the first"
            raise WrongValueError(wanted, "outcomes", name)
        outcomes.append(Outcome(name, score))
    return tuple(outcomes), from_cost


def _check_from_cost(given: Mapping[str, Any], costs: Costs | None) -> None:
    if given != dict.fromkeys(_DEFAULT_OUTCOMES, _FROM_COST):
        odd = [name for name in given if name not in _DEFAULT_OUTCOMES or given[name] != _FROM_COST]
        both = " and ".join(f'{outcome} = "{_FROM_COST}"' for outcome in _DEFAULT_OUTCOMES)
        wanted = f'cannot be combined: with "{_FROM_COST}", write {both}, and no other outcome'
        raise WrongValueError(wanted, "outcomes", next(iter(odd or given)))
    if costs is None:
        wanted = "needs amount in [event], or a number for missed_fraud in [costs]"
        raise WrongValueError(f'is "{_FROM_COST}", which {wanted}', "outcomes", "review")
