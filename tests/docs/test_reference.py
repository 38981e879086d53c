"""The reference says everything that there is, and what is generated is as generated."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from fastapi import FastAPI
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES
from tollgate.errors import TollgateError

from model_build.cli.main import main as tollgate
from model_build.deployment.publish import open_folder
from model_build.detector_file.reader import DetectorToml, read_detector_file
from scripts.write_reference import PAGES, REFERENCE, list_errors, list_sections
from tests.core.files.scored import score
from tests.docs.pages import ROOT, read_blocks


def list_commands(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Yield the words of every command, and of those below it."""
    for name, command in group.commands.items():
        yield [*above, name]
        if isinstance(command, click.Group):
            yield from list_commands(command, (*above, name))


COMMANDS = list(list_commands(tollgate))


@pytest.mark.parametrize("page", PAGES)
def test_page_is_as_the_script_writes_it(page: str) -> None:
    written = (REFERENCE / page).read_text(encoding="utf-8")
    assert PAGES[page](written) == written, "run: python scripts/write_reference.py"


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=lambda command: " ".join(command) or "top")
def test_help_is_what_the_command_prints(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    tollgate.main([*command, "--help"], prog_name="tollgate", standalone_mode=False)
    shown = capsys.readouterr().out
    if not command:  # the program as it is installed, which takes a second to start
        program = [str(Path(sys.executable).with_name("tollgate")), "--help"]
        assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == shown
    documented = [block.text for block in read_blocks(REFERENCE / "command-line.md", "text")]
    assert f"$ {' '.join(['tollgate', *command, '--help'])}\n{shown}" in documented


@pytest.fixture(scope="module")
def app(event_loop_of_the_process: None) -> FastAPI:  # noqa: ARG001 - it has to be there first
    found: FastAPI = importlib.import_module("tollgate.handlers.http_api.app").app
    return found


def list_routes(app: FastAPI) -> list[str]:
    """Return method and path of every route that the app describes."""
    return [f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods]


def test_every_route_has_a_heading_an_example_and_no_other_has(app: FastAPI) -> None:
    page = REFERENCE / "http-api.md"
    documented = re.findall(r"^## ((?:GET|POST|PUT|PATCH|DELETE) /\S+)$", page.read_text(), flags=re.MULTILINE)
    assert sorted(documented) == sorted(list_routes(app))
    sections = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)
    for route in documented:
        (section,) = (text for text in sections if text.startswith(f"{route}\n"))
        assert "```http" in section, f"{route} has no request"
        assert "```json" in section, f"{route} has no answer"


def test_every_error_of_the_tree_is_in_the_table() -> None:
    def count(error: type[TollgateError]) -> int:
        ours = [child for child in error.__subclasses__() if child.__module__ == "tollgate.errors"]
        return len(ours) + sum(count(child) for child in ours)

    assert len(list_errors()) == count(TollgateError) >= 12
    table = (REFERENCE / "http-api.md").read_text()
    for error in list_errors():
        assert f"| `{error.code}` | {error.status} | {'yes' if error.retry else 'no'} |" in table


def read_key_tables() -> dict[str, dict[str, str]]:
    """Section → key → its default as written."""
    tables: dict[str, dict[str, str]] = {}
    for section in re.split(r"^## ", (REFERENCE / "detector-file.md").read_text(), flags=re.MULTILINE):
        if heading := re.match(r"\[{1,2}(\w+)\]{1,2}\n", section):
            rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|", section, flags=re.MULTILINE)
            tables[heading[1]] = dict(rows)
    return tables


def test_every_key_of_a_detector_file_is_documented() -> None:
    documented = read_key_tables()
    assert set(documented) == set(DetectorToml.model_fields)
    for name, section in list_sections().items():
        assert list(documented[name]) == list(section.model_fields)
        assert all(field.description for field in section.model_fields.values())


def test_documented_defaults_are_the_real_ones(tmp_path: Path) -> None:
    rule = 'name = "r"\nwhen = "a > 5"\noutcome = "review"\n'
    required = '[detector]\nid = "d"\n[event]\nid = "i"\ntimestamp = "t"\namount = "a"\nlabel = "l"\n'
    sections = dict.fromkeys(DetectorToml.model_fields, "") | {"event": required, "rules": rule}
    for section, defaults in read_key_tables().items():
        for key, default in defaults.items():
            if re.fullmatch(r"`.*`", default):
                sections[section] += f"{key} = {default.strip('`')}\n"
    written = sections.pop("event")
    written = written.replace('id = "d"\n', f'id = "d"\n{sections.pop("detector")}')
    rules = f"[[rules]]\n{sections.pop('rules')}"
    written += "".join(f"[{section}]\n{lines}" for section, lines in sections.items() if lines) + rules
    (tmp_path / "plain.toml").write_text(f"{required}[[rules]]\n{rule}")
    (tmp_path / "written.toml").write_text(written)
    assert written.count(" = ") >= 18, written
    assert read_detector_file(tmp_path / "written.toml") == read_detector_file(tmp_path / "plain.toml")


def test_the_whole_file_shown_is_the_sample_detector() -> None:
    last = read_blocks(REFERENCE / "detector-file.md", "toml")[-1]
    assert last.text == (ROOT / "examples" / "sample" / "detector.toml").read_text()


def test_the_score_page_shows_the_scale() -> None:
    rows = re.findall(
        r"^\| (\d+) \| ([\d.]+)% \|$", (ROOT / "docs/explanation/score.md").read_text(), flags=re.MULTILINE
    )
    documented = [(int(score), round(float(share) / 100, 6)) for score, share in rows]
    assert documented == list(FALSE_POSITIVE_RATES[1:])


def test_every_key_of_a_summary_is_documented(sample_version: Path, sample_csv: Path, tmp_path: Path) -> None:
    few = b"".join(sample_csv.read_bytes().splitlines(keepends=True)[:20])
    summary = score(open_folder(sample_version), few, tmp_path).summary
    section = (REFERENCE / "files.md").read_text().partition("## Summary")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]+) \|", section, flags=re.MULTILINE))))
    assert documented == {*summary, "batch_id", "filename", "results", "results_parquet"}
