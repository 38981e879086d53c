"""Outcome card: outcome, score, scale and advice, as HTML.

The advice comes from the score, the thresholds and the rules. It never contradicts the reasons.
"""

from __future__ import annotations

from html import escape

from app.api.client import Json
from app.api.detector import Detector, Outcome
from app.ui import formatting


def tone_of(outcome: str, detector: Detector) -> str:
    """Return ``go``, ``look`` or ``stop`` for an outcome's rank: lowest, between, highest."""
    names = [known.name for known in detector.outcomes]
    # An outcome that only rules set has no place on the scale: it is shown as one in between.
    rank = names.index(outcome) if outcome in names else 1
    if rank == 0:
        return "go"
    return "stop" if outcome == names[-1] else "look"


def outcome_card(detector: Detector, answer: Json, note: str = "", details: str = "") -> str:
    """Return the card for one answer, which may have no score.

    ``note`` is shown above and names the kind of answer; ``details`` are shown below.
    """
    outcome, score = str(answer.get("outcome")), answer.get("score")
    meaning, scale, shown = "This decision has no score.", "", "no score"
    if score is not None:
        score = int(score)
        meaning = formatting.score_meaning(score, detector.score_scale, detector.event_name)
        scale, shown = f"{_scale(detector, score)}{_legend(detector)}", f"<b>{score}</b> <span>of 1000</span>"
    advice = escape(advise(detector, answer))
    return (
        f'<section class="tg-card tg-tone-{tone_of(outcome, detector)}" aria-label="Decision">'
        f"{_small('tg-note', note)}"
        f'<div class="tg-card-top"><div class="tg-say">'
        f'<span class="tg-outcome">{escape(formatting.title(outcome))}</span> <span class="tg-why">{advice}</span>'
        f"</div>"
        f'<div class="tg-score">{shown}</div></div>{scale}'
        f'<p class="tg-meaning">{escape(meaning)} {_small("tg-details", details)}</p></section>'
    )


def _small(kind: str, text: str) -> str:
    return f'<span class="{kind}">{escape(text)}</span>' if text else ""


def _scale(detector: Detector, score: int) -> str:
    ends = [*(outcome.from_score for outcome in detector.outcomes[1:]), 1000]
    bands = "".join(
        f'<span class="tg-band tg-tone-{tone_of(outcome.name, detector)}{" tg-last" if end == 1000 else ""}" '
        f'style="left:{outcome.from_score / 10}%;width:{(end - outcome.from_score) / 10}%"></span>'
        for outcome, end in zip(detector.outcomes, ends, strict=True)
    )
    ticks = "".join(_tick(outcome.from_score) for outcome in detector.outcomes)
    spoken = ", ".join(f"{formatting.title(o.name)} from {o.from_score}" for o in detector.outcomes)
    marker = f'<span class="tg-marker" style="left:{min(max(score, 0), 1000) / 10}%"></span>'
    label = escape(f"Score {score} on a scale from 0 to 1000: {spoken}")
    return f'<div class="tg-scale" role="img" aria-label="{label}">{bands}{marker}{ticks}</div>'


def _tick(score: int) -> str:
    return f'<span class="tg-tick{" tg-first" if score == 0 else ""}" style="left:{score / 10}%">{score}</span>'


def _legend(detector: Detector) -> str:
    first = next((outcome.from_score for outcome in detector.thresholds()), 1000)

    def entry(outcome: Outcome) -> str:
        limit = f"from {outcome.from_score}" if outcome.from_score else f"below {first}"
        tone = tone_of(outcome.name, detector)
        return f'<span class="tg-tone-{tone}"><i></i>{escape(formatting.title(outcome.name))} {limit}</span>'

    return f'<div class="tg-legend">{"".join(entry(outcome) for outcome in detector.outcomes)}</div>'


def empty_state(title: str, text: str) -> str:
    """Return a box that says what will appear here, and how to get it."""
    return f'<div class="tg-empty"><b>{escape(title)}</b>{escape(text)}</div>'


_DO = {
    "review": "send it to manual review before it goes through",
    "block": "decline it",
}


def advise(detector: Detector, answer: Json) -> str:
    """Return a sentence or two on one answer; empty if there is nothing to say."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or not detector.outcomes:
        return ""
    if answer.get("detector_version") not in (None, detector.version):
        return "An earlier version made this decision. Its thresholds may differ."
    if outcome == outcome_of_score(detector, int(score)):
        return _describe_distance(detector, int(score), answer)
    return describe_override(detector, answer)


def describe_override(detector: Detector, answer: Json) -> str:
    """Return what overrode the outcome of the score; empty if nothing did."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or answer.get("detector_version") not in (None, detector.version):
        return ""
    by_score = outcome_of_score(detector, int(score))
    if outcome == by_score:
        return ""
    alone = f"The score alone would give {formatting.title(by_score)}."
    rules = [str(rule["rule"]) for rule in answer.get("rules") or () if _made(rule, outcome)]
    if answer.get("braked"):
        return f"{alone} The block limit was reached."
    if not rules:
        return alone
    quoted = [f"“{rule}”" for rule in rules]
    named = f"Rule {quoted[0]} sets" if len(rules) == 1 else f"Rules {' and '.join(quoted)} set"
    return f"{named} the outcome to {formatting.title(outcome)}. {alone}"


def outcome_of_score(detector: Detector, score: int) -> str:
    """Return the outcome of a score by the thresholds alone."""
    return max((one for one in detector.outcomes if one.from_score <= score), key=lambda one: one.from_score).name


def _made(rule: Json, outcome: str) -> bool:
    return str(rule.get("outcome")) == outcome and not rule.get("shadow")


def _describe_distance(detector: Detector, score: int, answer: Json) -> str:
    """Return a score's distance from the threshold that matters: the next one if approved, else its own."""
    outcome = str(answer["outcome"])
    own = next(one for one in detector.outcomes if one.name == outcome)
    if own.from_score == 0:
        following = next(iter(detector.thresholds()), None)
        if following is None:
            return ""
        points = following.from_score - score
        return f"{_points(points)} below the {_threshold(following.name)}{_describe_raising(answer)}."
    over = score - own.from_score
    line = _threshold(own.name)
    where = f"{_points(over)} above the {line}" if over else f"Exactly at the {line}"
    advice = _DO.get(outcome)
    return f"{where}: {advice}." if advice else f"{where}."


def _describe_raising(answer: Json) -> str:
    reasons = answer.get("reasons")
    if not reasons:
        return ""
    raising = sum(int(reason["impact"]) >= 1 for reason in reasons)
    if not raising:
        return "; no reason raises the risk much"
    return f", though {'one reason raises' if raising == 1 else f'{raising} reasons raise'} the risk"


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _threshold(outcome: str) -> str:
    return f"{formatting.title(outcome).lower()} threshold"
