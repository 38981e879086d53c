"""The words of the field, each once: the help page lists them, and other pages explain their numbers with them."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "event": "One payment, login or sign-up: an id, a time, variables and entities.",
    "event type": "Which columns an event has, and what each one is.",
    "entity": "Who or what has a history: a customer, merchant, device, card or IP address, or a pair of them.",
    "history": "What is remembered about an entity: sums that fade with time.",
    "feature": "One number computed from an event and the histories of its entities.",
    "model": "Scores an event: it gives the probability of fraud, and the score.",
    "score": "0 to 1000, on a scale of false positives: 900 means that about 2 % of legitimate events score that high, "
    "975 about 0.5 %. A threshold keeps its meaning after a retraining.",
    "rule": "An expression over variables, features and the score, with an outcome for the events that it matches.",
    "list": "A named set of values that rules ask, such as denied customers.",
    "outcome": "What to do with an event: approve, review, block, or one of your own.",
    "label": "What an event turned out to be, fraud or legitimate, with the time at which that became known.",
    "detector": "Event type, model, rules and lists for one kind of event.",
    "detector version": "One sealed build of a detector, which never changes. One of them decides.",
    "decision": "What one detector version said about one event, with all that is needed to make it again.",
    "shadow": "A rule in shadow mode is asked and counted, and does not act.",
    "threshold": "The score from which on an outcome is given.",
    "recall": "The share of frauds that are caught.",
    "precision": "The share of frauds among what was flagged.",
    "false positive": "A legitimate event that was flagged.",
    "money at risk": "Probability of fraud × amount: what an event may be expected to cost if it is approved.",
}


def meaning(word: str) -> str:
    """Return what a word means, as a sentence or two."""
    return GLOSSARY[word]
