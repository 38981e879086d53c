"""Model card as Markdown: headings, sentences and tables from the plain data of the card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from model_build.model_card.choices import write_reasons, write_safety
from model_build.model_card.limits import percent, spell_interval
from model_build.model_card.markdown import write_bullets, write_table, write_text
from model_build.model_card.rules import write_rules

Lines = Iterator[str]
_MAX_FEATURES = 15
_METRICS = {
    "auc": "AUC",
    "average_precision": "Average precision",
    "recall_at_1pct_fpr": "Recall at 1% FPR",
    "card_precision": "Card precision",
}
_PARTS = {"train": "training", "validation": "validation", "test": "test"}


def render_card(card: Mapping[str, Any]) -> str:
    """Return a card that `build_card` made as Markdown; sections of which it holds nothing are left out.

    Text of users, such as names of columns and categories, is escaped: it is shown as it is and formats nothing.
    """
    lines = [f"# Model card: {write_text(card['detector'])}", ""]
    lines += [write_text(card["description"]), ""] if card.get("description") else []
    lines += [f"Made on {write_text(card['created_at'])}.", ""] if card.get("created_at") else []
    for key, heading, write in _SECTIONS:
        if card.get(key):
            lines += [f"## {heading}", "", *write(card[key]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _number(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _share(value: float | None) -> str | None:
    return None if value is None else percent(value)


def _interval(share: Mapping[str, float] | None) -> str | None:
    return None if share is None else spell_interval(share)


def _write_use(use: Mapping[str, Any]) -> Lines:
    event = write_text(use.get("event", "event"))
    if use.get("rules_alone"):
        yield f"Rules alone decide on every {event}; there is no model, and every score is 0."
        if use.get("entities"):
            yield f"Histories are kept for: {write_text(', '.join(use['entities']))}."
        return
    yield f"Scores every {event} from 0 to 1000 by how rare it is among legitimate ones."
    if use.get("entities"):
        yield f"Histories are kept for: {write_text(', '.join(use['entities']))}."
    yield ""
    if use.get("outcomes"):
        yield from write_table(
            ("Outcome", "From score"), [(outcome["name"], outcome["from_score"]) for outcome in use["outcomes"]]
        )
        yield ""
    yield from ("Do not use it for:", "", *write_bullets(use["not_for"]))


def _write_data(data: Mapping[str, Any]) -> Lines:
    facts = {
        "Events": _number(data.get("rows")),
        "Labeled as fraud": _number(data.get("frauds")),
        "Not labeled": _number(data.get("unlabelled")),
        "From": data.get("from"),
        "To": data.get("to"),
        "Days": _number(data.get("days")),
        "Label delay in days": _number(data.get("label_delay_days")),
        "Column with the label time": data.get("label_time"),
        "SHA-256 of the file": data.get("data_sha256"),
    }
    yield from write_table(("Fact", "Value"), [(name, value) for name, value in facts.items() if value is not None])
    if data.get("parts"):
        yield ""
        parts = [(_PARTS[name], data["parts"][name]) for name in _PARTS if name in data["parts"]]
        yield from write_table(
            ("Part", "Events", "Frauds", "From", "To"),
            [
                (name, _number(part.get("rows")), _number(part.get("frauds")), part.get("from"), part.get("to"))
                for name, part in parts
            ],
        )


def _write_training(training: Mapping[str, Any]) -> Lines:
    external = training.get("brought_sha256")
    if external:
        yield from ("The model was trained elsewhere and imported as an ONNX file; its training is not known here.", "")
    facts = {
        "Model": training.get("title") or training.get("kind"),
        "SHA-256 of the imported file": external,
        "Imbalance": training.get("imbalance"),
        "Features": _number(training.get("features")),
        "Largest difference of the export": _number(training.get("largest_export_difference")),
        **{f"Parameter: {name}": _number(value) for name, value in training.get("parameters", {}).items()},
        **{f"Setting: {name}": _listed(value) for name, value in training.get("choices", {}).items()},
    }
    yield from write_table(("Fact", "Value"), [(name, value) for name, value in facts.items() if value is not None])
    if training.get("contenders") and not external:
        tested = [f"Test: {title}" for title in _METRICS.values()]
        yield from ("", "Models compared on later events that none of them was trained on:", "")
        yield from write_table(
            ("Model", "Imbalance", "Chosen", "Validation: average precision", *tested, "Training time (s)"),
            [_model_row(model) for model in training["contenders"]],
        )


def _listed(value: object) -> str | None:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else _number(value)


def _model_row(model: Mapping[str, Any]) -> tuple[object, ...]:
    test = model.get("test", {})
    return (
        model.get("title") or model.get("name"),
        model.get("imbalance"),
        "yes" if model.get("chosen") else "",
        _number(model.get("validation", {}).get("average_precision")),
        *(_number(test.get(name)) for name in _METRICS),
        _number(model.get("train_s")),
    )


def _write_test(test: Mapping[str, Any]) -> Lines:
    period = test.get("period", {})
    facts = [("Events", _number(test.get("rows"))), ("Frauds", _number(test.get("frauds")))]
    facts += [("Amount of fraud", _number(test.get("fraud_amount")))]
    facts += [("From", period.get("from")), ("To", period.get("to"))]
    facts += [(title, _number(test.get("metrics", {}).get(name))) for name, title in _METRICS.items()]
    yield from write_table(("Fact", "Value"), [fact for fact in facts if fact[1] is not None])
    if test.get("outcomes"):
        yield ""
        yield from write_table(
            ("From score", "Outcome", "Frauds caught", "Legitimate events flagged", "Frauds among flagged events"),
            [
                (
                    row["from_score"],
                    row["outcome"],
                    _share(row["caught_frauds"]),
                    _share(row["flagged_legitimate"]),
                    _share(row["precision"]),
                )
                for row in test["outcomes"]
            ],
        )


def _write_calibration(calibration: Mapping[str, Any]) -> Lines:
    if calibration.get("brier") is not None:
        yield f"Brier score: {calibration['brier']:.4g} (0 is perfect)."
    if calibration.get("reliability"):
        yield from ("", "Events grouped by probability:", "")
        yield from write_table(
            ("Mean probability", "Share of frauds", "Events"),
            [
                (percent(row["mean_predicted"]), percent(row["observed_share"]), _number(row["count"]))
                for row in calibration["reliability"]
            ],
        )


def _write_scale(scale_check: Mapping[str, Any]) -> Lines:
    yield "Share of legitimate events with this score or higher, with its 95% confidence interval."
    for name, rows in scale_check.items():
        yield from ("", f"{write_text(_PARTS.get(name, name).capitalize())} part:", "")
        yield from write_table(
            ("Score", "Expected", "Observed", "Events", "Of", "Expected within interval"),
            [
                (
                    row["score"],
                    percent(row["wanted"]),
                    _interval(row | {"share": row["observed"]}),
                    _number(row["events"]),
                    _number(row["n"]),
                    "yes" if row["inside"] else "no",
                )
                for row in rows
            ],
        )


def _write_importance(importance: Mapping[str, Any]) -> Lines:
    yield (
        f"How much average precision ({importance['average_precision']:.4g} on {importance['events']:,} test events) "
        "falls when the values of a feature are shuffled among the events. Groups come first, because similar features "
        "can replace each other."
    )
    for title, key in (("Group", "groups"), ("Feature", "features")):
        yield ""
        yield from write_table(
            (title, "Decrease", "±", "Share of the model's gain"),
            [
                (item["name"], f"{item['drop']:.4f}", f"{item['deviation']:.4f}", percent(item["gain"]))
                for item in importance[key][:_MAX_FEATURES]
            ],
        )


def _write_slices(slices: Mapping[str, Any]) -> Lines:
    yield f"Flagged and caught means a score of {slices['review_from']} or higher; intervals have 95% confidence."
    for title, rows in (
        ("Overall", [slices["overall"]]),
        *((dimension["title"], dimension["slices"]) for dimension in slices["dimensions"]),
    ):
        yield ""
        yield from write_table(
            (title, "Events", "Frauds", "Average precision", "AUC", "Legitimate flagged", "Frauds caught"),
            [
                (
                    row["name"],
                    _number(row["events"]),
                    _number(row["frauds"]),
                    "too few frauds" if row["few_frauds"] else _number(row["average_precision"]),
                    _number(row["auc"]),
                    _interval(row["flagged_legitimate"]),
                    _interval(row["caught_frauds"]),
                )
                for row in rows
            ],
        )


_SECTIONS: tuple[tuple[str, str, Callable[[Any], Iterable[str]]], ...] = (
    ("use", "Intended use", _write_use),
    ("rules", "Rules", write_rules),
    ("data", "Data", _write_data),
    ("training", "Training", _write_training),
    ("test", "Performance on the test part", _write_test),
    ("calibration", "Calibration", _write_calibration),
    ("scale_check", "Score scale", _write_scale),
    ("money", "Costs", lambda money: write_bullets(money["words"])),
    ("importance", "Feature importance", _write_importance),
    ("slices", "Performance by segment", _write_slices),
    ("reasons", "Reasons", write_reasons),
    ("safety", "Fallbacks", write_safety),
    ("limits", "Limitations", write_bullets),
    ("notes", "Notes on the data", write_bullets),
    ("libraries", "Libraries", lambda libraries: write_table(("Library", "Version"), libraries.items())),
)
