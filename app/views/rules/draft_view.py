"""The draft of the next rules: chosen, edited, tried, saved, and what happens to it then."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.outcome_card import empty_state
from app.ui import formatting
from app.ui.login import who_says
from app.ui.page import in_markdown, problems_shown, show_problem
from app.views.rules.backtest import show_trial
from app.views.rules.draft import Draft, hold_draft, take_draft
from app.views.rules.editor import show_editor

_SIGNS = {"error": ":material/error: ", "warning": ":material/warning: "}


@st.fragment
@problems_shown()
def show_draft(api: Api, detector: Detector) -> None:
    """Show the draft. What is typed runs this part alone."""
    draft = hold_draft(api)
    _show_state(draft)
    _show_choice(draft)
    if draft.rule is None:
        st.html(empty_state("The draft has no rules", "Add one, try it on past events, then save the draft."))
    findings = show_editor(api, detector, draft)
    _show_errors_elsewhere(draft, findings)
    _show_actions(api, draft, findings)
    if draft.trial is not None:
        _show_trial(detector, draft)
    _show_what_next(detector, draft)


def _show_state(draft: Draft) -> None:
    saved, differences = draft.saved, draft.differences()
    said = (
        f"Against version {saved['detector_version']}: {', '.join(differences)}."
        if differences
        else (f"These are the rules of version {saved['detector_version']}, unchanged.")
    )
    if saved["saved_at"]:
        whom = f" by {saved['saved_by']}" if saved["saved_by"] else ""
        said += f" Saved {formatting.moment(saved['saved_at'])}{whom}."
    not_saved = " Changes here are not saved yet." if draft.is_changed else ""
    st.caption(in_markdown(f"A draft decides nothing. {said}{not_saved}"))


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
            "Try on past events",
            icon=":material/science:",
            disabled=unreadable or not draft.rules,
            help="Asks every rule of the draft about events of the test period. Nothing is saved.",
            on_click=_try,
            args=(api, draft),
        )
        st.button(
            "Save the draft",
            type="primary",
            icon=":material/save:",
            disabled=wrong or not draft.is_changed,
            help="A rule with an error cannot be saved." if wrong else "For the next version; it decides nothing.",
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
        take_draft(api, api.save_draft(draft.rules, etag, who_says() or None))
        st.toast("The draft is saved.", icon=":material/check:")
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
    """Somebody else saved meanwhile: say who, and let the reader choose."""
    whom = theirs["saved_by"] or "Somebody else"
    said = f"{whom} saved the draft meanwhile, {formatting.moment(theirs['saved_at'])}."
    st.warning(in_markdown(f"{said} Yours is still here, and not saved."), icon=":material/group:")
    with st.container(horizontal=True):
        st.button("Take theirs, and drop mine", on_click=_take, args=(api, theirs))
        st.button("Save mine in place of theirs", on_click=_save, args=(api, draft, theirs["etag"]))


def _show_trial(detector: Detector, draft: Draft) -> None:
    rules, answer = draft.trial or ([], {})
    st.subheader("On past events", anchor=False)
    if rules != draft.rules:
        st.caption(":material/history: These figures are of the rules before your last change: try them again.")
    show_trial(detector, answer, str(draft.rule["name"]) if draft.rule else "")


def _show_what_next(detector: Detector, draft: Draft) -> None:
    with st.expander("What happens to a saved draft", icon=":material/route:"):
        st.markdown(
            "It waits in the deployment's bucket until somebody puts it into the detector file and seals a version. "
            "That takes this command, a look at the file, then `tollgate train` and `tollgate publish` as always:"
        )
        st.code(f"tollgate rules draft --detector {detector.name} --bucket BUCKET --into detector.toml", language=None)
        st.markdown(
            "Rules are asked in the order of their priorities. "
            + (
                "The first that matches decides."
                if draft.saved["rules_mode"] == "FIRST_MATCHED"
                else "The strongest outcome of all that match, and of the score, wins."
            )
        )
    with st.expander("What an expression can say", icon=":material/help:"):
        st.markdown(EXPRESSIONS)


EXPRESSIONS = """
| written | meaning |
|---|---|
| `amount > 500 && score >= 860` | and; or is `\\|\\|`, not is `!` |
| `country in ["US", "CA"]` | one of these values |
| `customer_id in denied` | a value of the list *denied* |
| `amount > 3 * customer_mean_30d` | numbers are calculated with `+ - * /` |
| `country == null` | the value is missing |
| `// …` | a comment, to the end of the line |

Names are columns, features, lists and `score`; those that fit are offered while you type. A missing value is equal to
nothing, and neither smaller nor larger than anything. The whole language is in *Rules and lists* of the documentation.
"""
