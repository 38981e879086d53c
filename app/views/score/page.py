"""The Score page: what a payment's score would be as one changes it, the decision on it, and earlier decisions."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.case import load_decision
from app.components.matched_rules import show_rules
from app.components.outcome_card import empty_state, outcome_card
from app.components.reasons import show_reasons
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown, show_page
from app.views.score.decision_details import show_exceptions, show_label, show_record
from app.views.score.event_form import as_filled, find_faults, new_event_id, show_fields
from app.views.score.event_source import Source, choose_source, fresh_answer, open_decision
from app.views.score.filled_share import count_filled, say_little, say_too_little, suggest_required
from app.views.score.history_facts import show_known
from app.views.score.what_if_panel import ask_what_if, chosen_move, forget_answers, moved_from, show_panel

TRY, WHY, RULES, KNOWN, RECORD = "What if", "Why", "Rules", "What was known", "Record"
READS = ("event", "past")


def show() -> None:
    """Show the page."""
    show_page(
        "Score a {event}",
        "Try any {event}, see why it scores as it does, and decide on it.",
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
        faults = find_faults(detector, event, before)
        known = count_filled(detector, event)
        too_little = known.is_too_little(None if before is None else count_filled(detector, before))
        for fault in faults:
            st.warning(in_markdown(fault), icon=":material/edit:")
        with problems_shown():
            _show_buttons(api, detector, source, event, ready=not faults and not too_little, changed=changed)
    with answer, problems_shown():
        if faults:
            st.html(empty_state("No score yet", f"Mend what is said below the form, and the {noun}'s score is here."))
        elif too_little:
            st.html(empty_state("Not enough is known", say_too_little(detector, known)))
            st.caption(suggest_required(detector))
        else:
            if known.is_little:
                st.warning(in_markdown(say_little(detector, known)), icon=":material/help:")
            _show_answer(api, detector, source, _with_the_rest(detector, source, event), changed=changed)


def _with_the_rest(detector: Detector, source: Source, event: Json) -> Json:
    """Return the form's event with the columns of the decided one that have no field."""
    shown = {variable.name for variable in detector.variables}
    rest = source.event if source.decision is not None else {}
    return {**{name: value for name, value in rest.items() if name not in shown}, **event}


def _show_buttons(api: Api, detector: Detector, source: Source, event: Json, *, ready: bool, changed: bool) -> None:
    noun = detector.event_name
    if source.decision is None:
        if st.button("Decide and record", type="primary", icon=":material/send:", disabled=not ready):
            _decide(api, event)
        st.caption(
            f"Decide and record: the decision is stored, and the histories learn of this {noun}. "
            "Changing the form only tries, and leaves no trace."
        )
        return
    if changed:
        with st.container(horizontal=True):
            st.button("Undo the changes", icon=":material/undo:", on_click=_undo)
            if st.button(f"Decide as a new {noun}", icon=":material/send:", disabled=not ready):
                _decide(api, {**event, detector.column("id"): new_event_id()})
        st.caption(f"Only the second records: as a {noun} of its own, with a new ID, on the histories as they are now.")
    else:
        st.caption(
            f"This {noun} was decided. Change any value to see what its score would have been: nothing is recorded."
        )


def _undo() -> None:
    st.session_state.pop("filled", None)


def _decide(api: Api, event: Json) -> None:
    with st.spinner("Deciding …"):
        answer = api.decide(event)
    st.session_state["answer"] = answer
    forget_answers()
    open_decision(str(answer["event_id"]))
    st.rerun()


def _show_answer(api: Api, detector: Detector, source: Source, event: Json, *, changed: bool) -> None:
    decision = source.decision
    event_id = None if decision is None else str(decision["event_id"])
    can_vary = decision is None or not decision.get("degraded")
    move = chosen_move(detector, event)
    told = ask_what_if(api, event, event_id, move) if can_vary else {}
    shown = decision if decision is not None and not changed else told.get("unchanged") or decision or {}
    _show_card(detector, decision, shown, changed=changed)
    if decision is not None and not changed:
        show_exceptions(decision)
        if detector.takes_labels and show_label(api, decision):
            load_decision.clear()
    _show_tabs(detector, decision, event, shown, told)


def _show_card(detector: Detector, decision: Json | None, shown: Json, *, changed: bool) -> None:
    fresh = fresh_answer(decision) if decision is not None else {}
    details = [f"Probability of fraud {formatting.percent(shown['probability'])}"] if shown.get("probability") else []
    if decision is None or changed:
        note = "What if · nothing is recorded"
        details += [moved_from(detector, decision, shown)] if decision is not None else []
    else:
        note = f"Decided and recorded · {formatting.moment(decision.get('decided_at'))}"
        total = (fresh.get("timings_ms") or {}).get("total")
        details += [f"Decided in {formatting.milliseconds(total)}"] if total is not None else []
    st.html(outcome_card(detector, shown, note, " · ".join(filter(None, details))))
    if fresh.get("repeated") and not changed:
        text = "This event was decided before: the first decision stands, and nothing was counted twice."
        st.info(text, icon=":material/history:")


def _show_tabs(detector: Detector, decision: Json | None, event: Json, shown: Json, told: Json) -> None:
    names = [TRY, WHY, RULES, KNOWN, *([RECORD] if decision is not None else [])]
    first, key = (TRY, "tabs-new") if decision is None else (WHY, "tabs-decided")
    tabs = dict(zip(names, st.tabs(names, default=first, key=key), strict=True))
    with tabs[TRY]:
        if told:
            show_panel(detector, event, told.get("variants") or [])
        else:
            st.caption("It was decided without a score, so there is none to move.")
    with tabs[WHY]:
        # A decision that was made without reasons is told with those of the same reads.
        show_reasons(detector, shown if shown.get("reasons") else told.get("unchanged") or shown)
    with tabs[RULES]:
        show_rules(detector, shown)
    with tabs[KNOWN]:
        show_known(detector, told.get("histories") or [])
    if decision is not None:
        with tabs[RECORD]:
            show_record(detector, decision, fresh_answer(decision))
