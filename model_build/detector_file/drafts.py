"""Draft rules, as saved on the dashboard, merged into detector.toml."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tollgate.adapters import clients
from tollgate.adapters.s3.drafts import Draft, DraftStore
from tollgate.core.rules.rule import USUAL_PRIORITY, Rule
from tollgate.errors import DetectorFileError, NotFoundError

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.detector_file.toml import read_statements

# Blank lines and comments at the end of a table stay: they may belong to the next one.
_TAIL = re.compile(r"(?:^[ \t]*(?:#[^\n]*)?\n)*\Z", flags=re.MULTILINE)
_PLAIN = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f]*")


def read_draft(detector: str, bucket: str) -> Draft:
    """Return the draft of a deployed detector; raise `NotFoundError` where there is none."""
    found = DraftStore(clients.s3(), bucket).read(detector)
    if found is None:
        raise NotFoundError(f"{detector} has no draft of rules; save one on the Rules page of the dashboard.")
    return found[0]


def replace_rules_in_file(path: Path, rules: Sequence[Rule]) -> DetectorFile:
    """Write rules into a detector file in place of its own, and return it; all else in it stays as it is.

    Raises `DetectorFileError`, and leaves the file alone, if it could not be read with these rules.
    """
    before = read_detector_file(path)
    text = replace_rules(path.read_text(encoding="utf-8"), rules)
    # Beside it, so that files it names are found from there.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".detector-", suffix=".toml")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        after = read_detector_file(Path(name))
        if after.event_type != before.event_type or after.rules.rules != tuple(rules):
            raise DetectorFileError(f"Could not change {path}; paste the output of `tollgate rules draft` by hand.")
        path.write_text(text, encoding="utf-8", newline="")
    finally:
        Path(name).unlink()
    return after


def replace_rules(text: str, rules: Sequence[Rule]) -> str:
    """Return the text of a detector file with ``rules`` in place of its [[rules]] tables."""
    written = write_rules(rules)
    headings = [statement for statement in read_statements(text) if statement.value_at is None]
    ends = [*(heading.start for heading in headings[1:]), len(text)]
    kept, at = [], 0
    for heading, end in zip(headings, ends, strict=True):
        if heading.path[0] == "rules":
            kept.append(text[at : heading.start])
            tail = _TAIL.search(text, heading.start, end)
            at = tail.start() if tail else end
    if not kept:
        return f"{text.rstrip()}\n\n{written}"
    rest = "".join([*kept[1:], text[at:]]).strip("\n")
    return kept[0] + written + (f"\n{rest}\n" if rest else "")


def write_rules(rules: Sequence[Rule]) -> str:
    """Return rules as the [[rules]] tables of a detector file."""
    return "\n".join(_write_rule(rule) for rule in rules)


def _write_rule(rule: Rule) -> str:
    lines = ["[[rules]]", f"name = {_quote(rule.name)}", f"when = {_quote(rule.when)}"]
    lines.append(f"outcome = {_quote(rule.outcome)}")
    if rule.shadow:
        lines.append('mode = "shadow"')
    if rule.priority != USUAL_PRIORITY:
        lines.append(f"priority = {rule.priority}")
    if rule.expires_us is not None:
        moment = datetime.fromtimestamp(rule.expires_us / 1e6, UTC)
        midnight = moment.time().isoformat() == "00:00:00"
        written = moment.date().isoformat() if midnight else moment.isoformat().replace("+00:00", "Z")
        lines.append(f"expires = {written}")
    if not rule.enabled:
        lines.append("enabled = false")
    return "\n".join([*lines, ""])


def _quote(text: str) -> str:
    """Return a text as TOML, without escapes where it can do without."""
    plain = _PLAIN.fullmatch(text) is not None
    if plain and "\n" not in text and "\t" not in text:
        if '"' not in text and "\\" not in text:
            return f'"{text}"'
        if "'" not in text:
            return f"'{text}'"
    if plain and "\n" in text and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
