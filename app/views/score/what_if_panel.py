"""What the score would be: the payment moved along one variable, and marked where it is."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.score_curve import score_curve
from app.components.what_if_axes import Move, moves_of
from app.ui import formatting
from app.views.score.event_form import change_form

MOVE_KEY = "move"


def choose_move(detector: Detector, event: Json) -> Move | None:
    """Let the reader choose what to move; None where nothing can be."""
    moves = {move.title: move for move in moves_of(detector, event)}
    if not moves:
        return None
    if st.session_state.get(MOVE_KEY) not in moves:
        st.session_state[MOVE_KEY] = next(iter(moves))
    title = st.pills("Move", list(moves), key=MOVE_KEY, required=True, label_visibility="collapsed")
    return moves[title or next(iter(moves))]


def chosen_move(detector: Detector, event: Json) -> Move | None:
    """Return the move that was chosen, before its widget is shown."""
    moves = {move.title: move for move in moves_of(detector, event)}
    return moves.get(st.session_state.get(MOVE_KEY, ""), next(iter(moves.values()), None))


def show_panel(detector: Detector, event: Json, supposed: Sequence[Json]) -> None:
    """Show the chart of the move for which ``supposed`` are the answers, and a slider that moves the payment itself."""
    noun = detector.event_name
    move = choose_move(detector, event)
    if move is None or len(move.points) != len(supposed):
        st.caption(f"Give this {noun} an amount or a time to move.")
        return
    if move.scale != "names" and move.here is not None:
        _show_slider(detector, move)
    scores = [answer["score"] for answer in supposed if answer.get("score") is not None]
    spread = f"between {min(scores)} and {max(scores)}" if scores else "unknown"
    show_chart(
        score_curve(detector, move, supposed),
        alt=f"The score over {move.title.lower()}: {spread}; outcomes as bands, this {noun} marked",
    )
    st.caption(
        f"Only this changes: what is known of everyone involved stays as it was read for this {noun}. "
        "Nothing here is recorded."
    )


def _show_slider(detector: Detector, move: Move) -> None:
    labels = {point.label: point for point in move.points}
    here = next((point.label for point in move.points if point.place == move.here), None)
    if here is None:
        return
    key = f"slide-{move.title}"
    st.session_state[key] = here

    def slide() -> None:
        change_form(detector, labels[st.session_state[key]].changes)

    st.select_slider(move.title, list(labels), key=key, on_change=slide, label_visibility="collapsed")


def ask_what_if(api: Api, event: Json, event_id: str | None, move: Move | None) -> Json:
    """Return what would be decided on the event, with reasons and histories, and on each point of the move."""
    question: Json = {
        "event": event,
        "variants": [point.changes for point in move.points] if move else [],
        "reasons": "all",
        "histories": True,
    }
    if event_id is not None:
        question["event_id"] = event_id
    return _load(api.url, json.dumps(question, sort_keys=True), api)


# Histories move on as payments come: what is asked again soon after gets the same answer.
@st.cache_data(ttl=20, max_entries=256, show_spinner=False)
def _load(url: str, question: str, _api: Api) -> Json:  # noqa: ARG001 - the URL is part of the cache's key
    return _api.what_if(json.loads(question))


def forget_answers() -> None:
    """Forget what was asked: a payment was recorded."""
    _load.clear()


def moved_from(detector: Detector, then: Json, now: Json) -> str:
    """Say how a score differs from the one that was decided."""
    if then.get("score") is None or now.get("score") is None:
        return ""
    change = int(now["score"]) - int(then["score"])
    words = f"{abs(change)} {'higher' if change > 0 else 'lower'} than" if change else "the same score as"
    outcome = formatting.title(str(then["outcome"]))
    return f"{words} the {then['score']} ({outcome}) that this {detector.event_name} was decided with"
