"""Texts of the help page: metrics, keyboard shortcuts and documentation pages."""

from __future__ import annotations

from collections.abc import Mapping

# {event} and {events} are the words for what the detector decides on.
METRICS: Mapping[str, str] = {
    "Score": "0 to 1000, scaled by false positives: about 2% of legitimate {events} score 900 or higher, 1% score 950 "
    "or higher, and 0.5% score 975 or higher. It is not a fraud probability.",
    "Probability": "The likelihood of fraud. Of {events} with a probability of 20%, about one in five is fraud.",
    "Money at risk": "Probability of fraud × amount: the expected loss if the case is approved. Sorts the queue.",
    "Recall": "The share of all fraud that is caught. The rest is missed.",
    "Precision": "The share of flagged {events} that are fraud. At 25%, three in four alerts are false positives.",
    "False positive rate": "The share of legitimate {events} that are flagged.",
    "AUC": "How well the score ranks fraud above legitimate {events}: 0.5 is random, 1 is perfect. When fraud is rare, "
    "AUC looks good early; average precision is more informative.",
    "Average precision": "Precision averaged over all thresholds. A random score reaches the share of fraud; 1 is "
    "perfect.",
    "Alert rate": "The share of {events} that were reviewed or blocked.",
    "Saved": "The loss avoided by catching fraud. Results on past {events} are marked as estimates when they come from "
    "a sample.",
    "Contribution": "The effect of one reason on the log-odds of fraud. The base and all contributions add up to the "
    "log-odds of the probability.",
    "Open days": "Days whose labels are not final. Fraud is reported late, so recent recall looks better than it is.",
}

KEYS: Mapping[str, str] = {
    "Tab, Shift + Tab": "Next or previous field or button.",
    "Enter, Space": "Press a button or open a menu.",
    "Arrow keys": "Move a threshold, a selection or a table cell.",
    "Escape": "Close a menu or suggestions.",
    "Ctrl + F in a table": "Search the table.",
    "R": "Refresh the page.",
}

DOCUMENTS: Mapping[str, str] = {
    "Rules and lists": "Rule syntax, checks, and how rules set outcomes: docs/reference/rules.md.",
    "The score": "The scale of the score and why it is stable: docs/explanation/score.md.",
    "Costs and thresholds": "Savings and the choice of thresholds: docs/explanation/costs-and-thresholds.md.",
    "Reasons": "Contributions explained: docs/explanation/reasons.md.",
    "How searching works": "When a decision appears in searches and counts: docs/explanation/how-searching-works.md.",
    "Files": "File formats and results: docs/reference/files.md.",
    "HTTP API": "All API calls, for your own programs: docs/reference/http-api.md.",
    "The dashboard": "Settings, keyboard shortcuts and log-in: app/README.md.",
}
