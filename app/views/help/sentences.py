"""What the help page says of numbers, keys and documents."""

from __future__ import annotations

from collections.abc import Mapping

# {event} and {events} are the words for what the detector decides on.
NUMBERS: Mapping[str, str] = {
    "Score": "0 to 1000 by false positives: 900 means that about 2 % of legitimate {events} score that high, 950 about "
    "1 %, 975 about 0.5 %. It is no percentage of fraud.",
    "Probability": "How likely fraud is: of {events} with 20 %, about one in five is one.",
    "Money at risk": "Probability × amount. It puts cases in the order in which they are worth a look.",
    "Recall": "Frauds that are caught, of all frauds. What it lacks to 100 % is missed.",
    "Precision": "Frauds among what is flagged. At 25 %, three in four flagged {events} are legitimate.",
    "False positive rate": "Legitimate {events} that are flagged, of all legitimate ones.",
    "AUC": "How well scores put frauds above legitimate {events}: 0.5 is chance, 1 is perfect. Where frauds are rare "
    "it looks good early; average precision says more.",
    "Average precision": "Precision over all thresholds in one number: the share of frauds itself is chance, 1 is "
    "perfect.",
    "Alert rate": "{events} that were reviewed or blocked, of all.",
    "Saved": "What caught frauds would have cost. Figures of past {events} are estimates where they come from a "
    "sample, and say so.",
    "Contribution": "What one reason did to the log-odds of fraud. All of them and the base add up to the probability.",
    "Immature days": "Labels come late: frauds of the last days are not all known, so recall looks better than it is.",
}

KEYS: Mapping[str, str] = {
    "Tab, Shift + Tab": "To the next field or button, and back.",
    "Enter, Space": "Presses the button, opens the choice.",
    "Arrow keys": "Move a threshold, a choice or a cell of a table.",
    "Escape": "Closes a choice, a menu, or the names that are offered.",
    "Ctrl + F in a table": "Searches it.",
    "R": "Runs the page again.",
}

DOCUMENTS: Mapping[str, str] = {
    "Rules and lists": "The language of rules, what is found wrong with them, and how they decide: "
    "docs/reference/rules.md.",
    "The score": "Its scale, and why it keeps its meaning: docs/explanation/score.md.",
    "Costs and thresholds": "What is counted as saved, and how thresholds are chosen: "
    "docs/explanation/costs-and-thresholds.md.",
    "Reasons": "What a contribution is: docs/explanation/reasons.md.",
    "How searching works": "When a decision can be found and is counted: docs/explanation/how-searching-works.md.",
    "Files": "What a file needs, and what comes back: docs/reference/files.md.",
    "HTTP API": "All that this dashboard asks, for your own programs: docs/reference/http-api.md.",
    "The dashboard": "Its settings, keys and log-in: app/README.md.",
}
