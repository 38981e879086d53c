"""Model card: purpose, training data, performance and weaknesses of a detector version.

The card is one plain dictionary; `render_card` writes it as Markdown. It holds only what manifest and evaluation say:
the card of a version that was made before a figure was kept lacks that figure. The form follows Mitchell et al.: "Model
cards for model reporting", FAT* 2019. The card does not name its version, as it is sealed under that name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Undefined
from markupsafe import Markup

from model_build.model_card.limits import find_limits, percent, spell_interval

_NOT_FOR = (
    "Judging a person: a high score means that an event is rare among legitimate ones, not that somebody did wrong.",
    "Other kinds of events, or a business other than the one whose data it was trained on.",
    "Events without histories: the score depends on the histories of this detector.",
)
_DAY_S = 86_400
_RULE_FACTS = ("name", "when", "outcome", "priority", "enabled", "shadow", "expires_us")
_MODEL_FACTS = ("kind", "title", "imbalance", "parameters", "largest_export_difference", "brought_sha256")
_MISSING = "–"


def build_card(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card as plain data that JSON can hold; parts that neither argument has are left out.

    ``manifest`` needs ``detector``. Beyond what every version has, these are used where they are there:

    - manifest ``rules``, as `RuleBook.to_json` returns it, and ``rules_alone``: there is no model; ``safety``, as
      `Safety.to_json` returns it; ``reasons``: ``method``, and ``largest_differences`` or what `measure_lime` returns;
    - manifest ``model.imbalance`` (text) and ``model.parameters`` (name → value), and ``training.parts``: part (train,
      validation, test) → ``rows``, ``frauds``, ``from``, ``to``; ``training.unlabelled``, a count;
    - evaluation ``models[].imbalance``; ``calibration``: ``brier`` and ``reliability``, a list of ``mean_predicted``,
      ``observed_share``, ``count``; ``scale_check``: part → what `check_scale` returns; ``money.words``, sentences;
      ``importance`` from `ImportanceReport.to_json`; ``slices`` from `measure_slices`; ``unseen_categories`` from
      `count_unseen_categories`; ``notes``, what `note_data_quality` returns.
    """
    if manifest.get("rules_alone"):
        return _card_of_rules(manifest)
    card = {
        "detector": manifest["detector"],
        "description": manifest.get("description"),
        "created_at": manifest.get("created_at"),
        "use": _describe_use(manifest),
        "rules": _describe_rules(manifest),
        "data": _describe_data(manifest, evaluation),
        "training": _describe_training(manifest, evaluation),
        "test": _describe_test(manifest, evaluation),
        "calibration": evaluation.get("calibration"),
        "scale_check": evaluation.get("scale_check"),
        "money": _pick(evaluation.get("money", {}), ("words",)),
        "importance": evaluation.get("importance"),
        "slices": evaluation.get("slices"),
        "reasons": manifest.get("reasons"),
        "safety": manifest.get("safety"),
        "limits": find_limits(manifest, evaluation),
        "notes": list(evaluation.get("notes", ())),
        "libraries": dict(manifest.get("libraries", {})),
    }
    return {name: value for name, value in card.items() if value}


def _card_of_rules(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the card of a version without a model: there is nothing to say about learning and testing."""
    use = _describe_use(manifest)
    card = {
        **_pick(manifest, ("detector", "description", "created_at")),
        "use": {name: use[name] for name in ("event", "entities") if name in use} | {"rules_alone": True},
        "rules": _describe_rules(manifest),
        "safety": manifest.get("safety"),
        "libraries": dict(manifest.get("libraries", {})),
    }
    return {name: value for name, value in card.items() if value}


def _pick(source: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: source[name] for name in names if source.get(name) is not None}


def _describe_use(manifest: Mapping[str, Any]) -> dict[str, Any]:
    event_type = manifest.get("event_type", {})
    return {
        **({"event": event_type["name"]} if "name" in event_type else {}),
        **({"entities": list(event_type["entities"])} if event_type.get("entities") else {}),
        **_pick(manifest, ("outcomes",)),
        "not_for": list(_NOT_FOR),
    }


def _describe_rules(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rules in order of priority, those that are switched off too; empty without rules."""
    book = manifest.get("rules") or {}
    ordered = sorted(book.get("rules", ()), key=lambda rule: rule["priority"])
    if not ordered:
        return {}
    return {
        "mode": book["mode"],
        "rules": [{name: rule[name] for name in _RULE_FACTS} for rule in ordered],
        "lists": {name: len(d["values"]) for name, d in book["lists"].items()},
    }


def _describe_data(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    training = manifest.get("training", {})
    data = _pick(training, ("rows", "frauds", "unlabelled", "from", "to", "data_sha256"))
    if "from" in data and "to" in data:
        span_s = (datetime.fromisoformat(data["to"]) - datetime.fromisoformat(data["from"])).total_seconds()
        data["days"] = round(span_s / _DAY_S, 1)
    label = manifest.get("event_type", {}).get("label") or {}
    if "delay_s" in label:
        data["label_delay_days"] = round(label["delay_s"] / _DAY_S, 3)
    if label.get("time"):
        data["label_time"] = label["time"]
    parts = dict(training.get("parts", {}))
    if "test" not in parts and "rows" in evaluation:
        parts["test"] = _pick(evaluation, ("rows", "frauds")) | dict(evaluation.get("period", {}))
    return data | ({"parts": parts} if parts else {})


def _describe_training(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_pick(manifest.get("model", {}), _MODEL_FACTS),
        **_pick(manifest.get("training", {}), ("choices",)),
        **({"features": len(manifest["features"])} if "features" in manifest else {}),
        **({"contenders": list(evaluation["models"])} if evaluation.get("models") else {}),
    }


def _describe_test(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> dict[str, Any]:
    chosen: Mapping[str, Any] = next((model for model in evaluation.get("models", ()) if model.get("chosen")), {})
    counts = {row["score"]: row for row in evaluation.get("thresholds", ())}
    outcomes = [
        {"outcome": outcome["name"], "from_score": outcome["from_score"]} | _rates(counts[outcome["from_score"]])
        for outcome in manifest.get("outcomes", ())
        if outcome["from_score"] in counts and outcome["from_score"] > 0
    ]
    return {
        **({"metrics": dict(chosen["test"])} if "test" in chosen else {}),
        **({"outcomes": outcomes} if outcomes else {}),
        **_pick(evaluation, ("rows", "frauds", "fraud_amount", "period")),
    }


def _rates(counts: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the shares that the four counts of a threshold give; None where there is nothing to have a share of."""
    caught, wrong = counts["true_positives"], counts["false_positives"]

    def share(part: int, whole: int) -> float | None:
        return round(part / whole, 5) if whole else None

    return {
        "caught_frauds": share(caught, caught + counts["false_negatives"]),
        "flagged_legitimate": share(wrong, wrong + counts["true_negatives"]),
        "precision": share(caught, caught + wrong),
    }


_SPECIAL = re.compile(r"([\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_]))")
# What makes a heading, a list or a rule of a line that begins with it.
_OPENS_A_BLOCK = re.compile(r"^(?:(?=[#+=-])|(\d+)(?=[.)](?:\s|$)))")


def render_card(card: Mapping[str, Any]) -> str:
    """Return a card that `build_card` made as Markdown; sections of which it holds nothing are left out.

    Text of users, such as names of columns and categories, is escaped: it is shown as it is and formats nothing.
    """
    text = _ENVIRONMENT.get_template("card.md.j2").render(card=card)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _escape(value: object) -> Markup:
    """Return a value on one line in which no character means anything to Markdown; a missing one is a dash."""
    if isinstance(value, Markup):
        return value
    text = _MISSING if value is None or isinstance(value, Undefined) else str(value)
    return Markup(_SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _line_start(value: object) -> Markup:
    """Return a value escaped for the start of a line, where more characters mean something."""
    return Markup(_OPENS_A_BLOCK.sub(lambda found: f"{found[1] or ''}\\", _escape(value)))


def _number(value: object) -> object:
    """Return a number with four digits or whole thousands, several values in a row, and all else as it is."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _percent(share: float | None) -> str | None:
    return None if share is None else percent(share)


def _interval(share: Mapping[str, float] | None) -> str | None:
    return None if share is None else spell_interval(share)


def _utc_minute(time_us: float) -> str:
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M}"


def _make_environment() -> Environment:
    # Autoescape marks what macros return as safe; `finalize` escapes everything else for Markdown, not for HTML.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "interval": _interval,
        "line_start": _line_start,
        "number": _number,
        "percent": _percent,
        "utc_minute": _utc_minute,
    }
    return environment


_ENVIRONMENT = _make_environment()
