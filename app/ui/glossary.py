"""Glossary: one definition for each term, listed on the help page and quoted in help texts on other pages."""

from __future__ import annotations

from collections.abc import Mapping

GLOSSARY: Mapping[str, str] = {
    "event": "One payment, login or sign-up. It has an ID, a time, variables and entities.",
    "event type": "The columns of an event and the role of each one.",
    "entity": "A customer, merchant, device, card or IP address, or a pair of them. Each entity has a profile.",
    "profile": "Recent activity of one entity: counts and amounts in which older events weigh less.",
    "feature": "A number computed from an event and the profiles of its entities.",
    "model": "The trained part of a detector. It gives each event a probability of fraud and a score.",
    "score": "A number from 0 to 1000, scaled by false positives: about 2% of legitimate events score 900 or higher, "
    "and about 0.5% score 975 or higher. A threshold keeps its meaning when the model is retrained.",
    "rule": "A condition on variables, features and the score, and the outcome for events that match it.",
    "list": "A named set of values that rules can check, such as denied customers.",
    "outcome": "The action for an event: approve, review, block, or a custom one.",
    "label": "The confirmed result for an event, fraud or legitimate, and when it became known.",
    "detector": "The event type, model, rules and lists for one kind of event.",
    "detector version": "A sealed build of a detector, which never changes. One version is live.",
    "decision": "The result of one detector version for one event, stored with everything needed to reproduce it.",
    "live": "The detector version that decides on new events now.",
    "draft": "Rules that are saved but not live.",
    "shadow": "A rule in shadow mode is evaluated and counted but takes no action.",
    "threshold": "The lowest score that gets an outcome.",
    "alert": "An event that was reviewed or blocked. Also called a flagged event.",
    "case": "An alert with everything an analyst needs to decide on it.",
    "recall": "The share of all fraud that is caught.",
    "precision": "The share of flagged events that are fraud.",
    "false positive": "A legitimate event that was flagged.",
    "money at risk": "Probability of fraud × amount: the expected loss if the event is approved.",
}


def meaning(word: str) -> str:
    """Return what a word means, as a sentence or two."""
    return GLOSSARY[word]
