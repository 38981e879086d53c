"""Score page: what-if scores of a payment, its decision, and past decisions.

Below a minimum of filled columns, the page shows no outcome: the model never saw events that empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.case import load_decision
from app.components.matched_rules import show_rules
from app.components.outcome_card import empty_state, outcome_card
from app.components.reasons import show_reasons
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown, show_page
from app.views.score.decision import show_exceptions, show_known, show_label, show_record
from app.views.score.form import (
    Source,
    as_filled,
    choose_source,
    find_errors,
    fresh_answer,
    new_event_id,
    open_decision,
    show_fields,
)
from app.views.score.what_if import ask_what_if, describe_change, forget_answers, show_panel
from app.views.score.what_if_axes import chosen_axis

TRY, WHY, RULES, PROFILE, RECORD = "What if", "Why", "Rules", "Profile at decision time", "Record"
READS = ("event", "past")
# Required share of the columns that describe an event.
MIN_FILLED = 0.5
_NOT_DESCRIPTIVE = ("id", "timestamp", "label", "ignored")
_MAX_NAMED = 6


def show() -> None:
    """Show the page."""
    show_page(
        "Score a {event}",
        "Score any {event}, see the reasons, and test changes.",
        _show_body,
        READS,
    )


def _show_body(api: Api, detector: Detector) -> None:
    noun = detector.event_name
    source = choose_source(api, detector, formatting.plural(noun))
    form, answer = st.columns([5, 7], gap="large")
    with form:
        event = show_fields(detector, fixed_id=source.decision is not None)
        before = None if source.decision is None else as_filled(detector, source.event)
        changed = before is not None and event != before
        errors = find_errors(detector, event, before)
        known = count_filled(detector, event)
        too_few = known.is_too_few(None if before is None else count_filled(detector, before))
        for error in errors:
            st.warning(in_markdown(error), icon=":material/edit:")
        with problems_shown():
            _show_buttons(api, detector, source, event, ready=not errors and not too_few, changed=changed)
    with answer, problems_shown():
        if errors:
            st.html(empty_state("No score yet", "Fix the errors below the form to see a score."))
        elif too_few:
            st.html(empty_state("Not enough data", explain_no_score(detector, known)))
            st.caption(suggest_required(detector))
        else:
            if known.is_few:
                st.warning(in_markdown(warn_unreliable(detector, known)), icon=":material/help:")
            _show_answer(api, detector, source, _with_the_rest(detector, source, event), changed=changed)


def _with_the_rest(detector: Detector, source: Source, event: Json) -> Json:
    """Return the form's event, with columns of the decided event that have no field."""
    shown = {variable.name for variable in detector.variables}
    rest = source.event if source.decision is not None else {}
    return {**{name: value for name, value in rest.items() if name not in shown}, **event}


def _show_buttons(api: Api, detector: Detector, source: Source, event: Json, *, ready: bool, changed: bool) -> None:
    noun = detector.event_name
    if source.decision is None:
        if st.button("Score and save", type="primary", icon=":material/send:", disabled=not ready):
            _decide(api, event)
        st.caption(
            f"Score and save stores the decision and adds this {noun} to the profiles. "
            "Editing the form is a dry run; nothing is saved."
        )
        return
    if changed:
        with st.container(horizontal=True):
            st.button("Undo changes", icon=":material/undo:", on_click=_undo)
            if st.button(f"Save as a new {noun}", icon=":material/send:", disabled=not ready):
                _decide(api, {**event, detector.column("id"): new_event_id()})
        st.caption(f"Save as a new {noun} stores it with a new ID and scores it on current profiles.")
    else:
        st.caption(
            f"This {noun} already has a decision. Change any value to see what the score would have been. "
            "Nothing is saved."
        )


def _undo() -> None:
    st.session_state.pop("filled", None)


def _decide(api: Api, event: Json) -> None:
    with st.spinner("Scoring …"):
        answer = api.decide(event)
    st.session_state["answer"] = answer
    forget_answers()
    open_decision(str(answer["event_id"]))
    st.rerun()


def _show_answer(api: Api, detector: Detector, source: Source, event: Json, *, changed: bool) -> None:
    decision = source.decision
    event_id = None if decision is None else str(decision["event_id"])
    can_vary = decision is None or not decision.get("degraded")
    axis = chosen_axis(detector, event)
    what_if = ask_what_if(api, event, event_id, axis) if can_vary else {}
    shown = decision if decision is not None and not changed else what_if.get("unchanged") or decision or {}
    _show_card(detector, decision, shown, changed=changed)
    if decision is not None and not changed:
        show_exceptions(decision)
        if detector.takes_labels and show_label(api, decision):
            load_decision.clear()
    _show_tabs(detector, decision, event, shown, what_if)


def _show_card(detector: Detector, decision: Json | None, shown: Json, *, changed: bool) -> None:
    fresh = fresh_answer(decision) if decision is not None else {}
    details = [f"Probability of fraud {formatting.percent(shown['probability'])}"] if shown.get("probability") else []
    if decision is None or changed:
        note = "What if · not saved"
        details += [describe_change(decision, shown)] if decision is not None else []
    else:
        note = f"Saved decision · {times.moment(decision.get('decided_at'))}"
        total = (fresh.get("timings_ms") or {}).get("total")
        details += [f"Decided in {formatting.milliseconds(total)}"] if total is not None else []
    st.html(outcome_card(detector, shown, note, " · ".join(filter(None, details))))
    if fresh.get("repeated") and not changed:
        text = "This event already had a decision. It stays as it was, and the event is not counted twice."
        st.info(text, icon=":material/history:")


def _show_tabs(detector: Detector, decision: Json | None, event: Json, shown: Json, what_if: Json) -> None:
    names = [TRY, WHY, RULES, PROFILE, *([RECORD] if decision is not None else [])]
    first, key = (TRY, "tabs-new") if decision is None else (WHY, "tabs-decided")
    tabs = dict(zip(names, st.tabs(names, default=first, key=key), strict=True))
    with tabs[TRY]:
        if what_if:
            show_panel(detector, event, what_if.get("variants") or [])
        else:
            st.caption("This decision has no score, so there is nothing to compare.")
    with tabs[WHY]:
        # A decision without stored reasons is explained with those of the what-if answer on the same profiles.
        show_reasons(detector, shown if shown.get("reasons") else what_if.get("unchanged") or shown)
    with tabs[RULES]:
        show_rules(detector, shown)
    with tabs[PROFILE]:
        show_known(detector, what_if.get("histories") or [])
    if decision is not None:
        with tabs[RECORD]:
            show_record(detector, decision, fresh_answer(decision))


@dataclass(frozen=True)
class Filled:
    """Number of filled columns of an event, and of all columns; ID and time do not count."""

    filled: int
    of: int
    missing: Sequence[str]

    @property
    def is_few(self) -> bool:
        """Whether there are too few values for a reliable score."""
        return self.filled < self.of * MIN_FILLED

    def is_too_few(self, before: Filled | None) -> bool:
        """Whether to show no score: too few values, and fewer than in the decided event ``before``."""
        return self.is_few and (before is None or self.filled < before.filled)


def count_filled(detector: Detector, event: Json) -> Filled:
    """Return how much of an event is filled in."""
    names = [variable.name for variable in detector.variables if variable.role not in _NOT_DESCRIPTIVE]
    missing = [name for name in names if event.get(name) is None or not str(event[name]).strip()]
    return Filled(len(names) - len(missing), len(names), missing)


def warn_unreliable(detector: Detector, known: Filled) -> str:
    """Return a warning that the score is unreliable, with the missing columns."""
    named = ", ".join(formatting.title(name) for name in known.missing[:_MAX_NAMED])
    more = len(known.missing) - _MAX_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return (
        f"Only {known.filled} of {known.of} columns of this {detector.event_name} have values, so its score is not "
        f"reliable. Missing: {named}{rest}."
    )


def suggest_required(detector: Detector) -> str:
    """Return, in Markdown, how to keep the API from scoring events with too few values."""
    columns = [detector.column(role) for role in ("amount", "entity")]
    named = ", ".join(f'"{name}"' for name in columns if name)
    return (
        "The API scores every event and lists missing columns in `missing_columns`. To require columns, name them "
        f"under `[safety]` in the detector file: `required = [{named}]`."
    )


def explain_no_score(detector: Detector, known: Filled) -> str:
    """Return why there is no outcome, and how many columns one needs."""
    least = -(-known.of * MIN_FILLED // 1)
    return (
        f"{known.filled} of {known.of} columns are filled in. The model was not trained on "
        f"{formatting.plural(detector.event_name)} with so few values. Fill in at least {least:.0f} columns."
    )


if __name__ == "__main__":  # as Streamlit runs a page
    show()
