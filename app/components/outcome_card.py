"""Outcome card: outcome, score, scale and what they mean, as HTML."""

from __future__ import annotations

from html import escape

from app.api.client import Json
from app.api.detector import Detector, Outcome
from app.components.advice import advise
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
