"""Draft view: select, edit, test and save draft rules."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.outcome_card import empty_state
from app.ui import times
from app.ui.login import logged_in_user
from app.ui.page import in_markdown, problems_shown, show_problem
from app.views.rules.draft import Draft, hold_draft, take_draft
from app.views.rules.editor import show_editor
from app.views.rules.results import show_trial

_SIGNS = {"error": ":material/error: ", "warning": ":material/warning: "}


@st.fragment
@problems_shown()
def show_draft(api: Api, detector: Detector) -> None:
    """Show the draft. Typing reruns only this part of the page."""
    draft = hold_draft(api)
    _show_state(draft)
    _show_choice(draft)
    if draft.rule is None:
        st.html(empty_state("The draft has no rules", "Add one, test it on past events, then save the draft."))
    findings = show_editor(api, detector, draft)
    _show_errors_elsewhere(draft, findings)
    _show_actions(api, draft, findings)
    if draft.trial is not None:
        _show_trial(detector, draft)
    _show_what_next(detector, draft)


def _show_state(draft: Draft) -> None:
    saved, differences = draft.saved, draft.differences()
    said = (
        f"Changes from version {saved['detector_version']}: {', '.join(differences)}."
        if differences
        else (f"This draft has the rules of version {saved['detector_version']}.")
    )
    if saved["saved_at"]:
        whom = f" by {saved['saved_by']}" if saved["saved_by"] else ""
        said += f" Saved {times.moment(saved['saved_at'])}{whom}."
    not_saved = " You have unsaved changes." if draft.is_changed else ""
    st.caption(in_markdown(f"Drafts are not live. {said}{not_saved}"))


def _show_choice(draft: Draft) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if draft.numbers:
            labels = dict(zip(draft.numbers, map(draft.label, draft.rules), strict=True))
            # By its labels: a widget whose options were called something else would lose its choice.
            key = f"rules.chosen.{hash(tuple(labels.items()))}"
            place = draft.numbers.index(draft.chosen)
            chosen = st.selectbox("Rule", draft.numbers, place, key=key, format_func=labels.__getitem__, width=420)
            draft.chosen = int(chosen)
        st.button("Add a rule", icon=":material/add:", on_click=draft.add)
        if draft.numbers:
            st.button("Remove this rule", icon=":material/delete:", on_click=draft.remove)


def _show_errors_elsewhere(draft: Draft, findings: Sequence[Json]) -> None:
    own = draft.rule["name"] if draft.rule else ""
    for finding in findings:
        if finding["rule"] != own:
            text = in_markdown(f"{finding['rule']}: {finding['message']}")
            st.caption(f"{_SIGNS[finding['severity']]}{text}")


def _show_actions(api: Api, draft: Draft, findings: Sequence[Json]) -> None:
    wrong = any(finding["severity"] == "error" for finding in findings)
    unreadable = any(finding["kind"] == "unreadable" for finding in findings)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Test on past events",
            icon=":material/science:",
            disabled=unreadable or not draft.rules,
            help="Runs every rule of the draft on events of the test period. Nothing is saved.",
            on_click=_try,
            args=(api, draft),
        )
        st.button(
            "Save draft",
            type="primary",
            icon=":material/save:",
            disabled=wrong or not draft.is_changed,
            help="Fix the errors in your rules first." if wrong else "For the next version. A draft is not live.",
            on_click=_save,
            args=(api, draft, draft.saved["etag"]),
        )
        if draft.is_changed:
            st.button("Undo my changes", type="tertiary", on_click=_take, args=(api, draft.saved))
    if draft.problem is not None:
        show_problem(draft.problem)
    if draft.refused is not None:
        _show_refused(api, draft, draft.refused)


def _take(api: Api, saved: Json) -> None:
    take_draft(api, saved)


def _try(api: Api, draft: Draft) -> None:
    draft.problem = None
    try:
        draft.trial = (copy.deepcopy(draft.rules), api.try_rules(draft.rules))
    except ApiProblem as problem:
        draft.problem = problem


def _save(api: Api, draft: Draft, etag: str | None) -> None:
    draft.problem = draft.refused = None
    try:
        take_draft(api, api.save_draft(draft.rules, etag, logged_in_user() or None))
        st.toast("Draft saved.", icon=":material/check:")
    except ApiProblem as problem:
        draft.problem = problem
        if problem.is_overtaken:
            _look_at_theirs(api, draft)


def _look_at_theirs(api: Api, draft: Draft) -> None:
    try:
        draft.refused, draft.problem = api.draft(), None
    except ApiProblem as problem:
        draft.problem = problem


def _show_refused(api: Api, draft: Draft, theirs: Json) -> None:
    """Show who else saved in the meantime, and let the reader choose."""
    whom = theirs["saved_by"] or "Somebody else"
    said = f"{whom} saved the draft in the meantime, {times.moment(theirs['saved_at'])}."
    st.warning(in_markdown(f"{said} Your changes are still here but not saved."), icon=":material/group:")
    with st.container(horizontal=True):
        st.button("Discard mine and use theirs", on_click=_take, args=(api, theirs))
        st.button("Replace theirs with mine", on_click=_save, args=(api, draft, theirs["etag"]))


def _show_trial(detector: Detector, draft: Draft) -> None:
    rules, answer = draft.trial or ([], {})
    st.subheader("Results on past events", anchor=False)
    if rules != draft.rules:
        st.caption(":material/history: These results are from before your last change. Test again to update them.")
    show_trial(detector, answer, str(draft.rule["name"]) if draft.rule else "")


def _show_what_next(detector: Detector, draft: Draft) -> None:
    with st.expander("What happens to a saved draft", icon=":material/route:"):
        st.markdown(
            "The draft stays in the deployment's bucket until somebody adds it to the detector file and publishes a "
            "version. Run this command, check the file, then run `tollgate train` and `tollgate publish`:"
        )
        st.code(f"tollgate rules draft --detector {detector.name} --bucket BUCKET --into detector.toml", language=None)
        st.markdown(
            "Rules are evaluated in order of priority. "
            + (
                "The first match sets the outcome."
                if draft.saved["rules_mode"] == "FIRST_MATCHED"
                else "The strongest outcome of the score and of all matching rules wins."
            )
        )
    with st.expander("Expression syntax", icon=":material/help:"):
        st.markdown(EXPRESSIONS)


EXPRESSIONS = """
| expression | meaning |
|---|---|
| `amount > 500 && score >= 860` | AND. Write OR as `\\|\\|` and NOT as `!` |
| `country in ["US", "CA"]` | is one of these values |
| `customer_id in denied` | is on the list *denied* |
| `amount > 3 * customer_mean_30d` | arithmetic with `+ - * /` |
| `country == null` | has no value |
| `// …` | comment to the end of the line |

You can use columns, features, lists and `score`; matching names are suggested while you type. A missing value is not
equal to, less than or greater than any other value. For the full syntax, see *Rules and lists* in the documentation.
"""
