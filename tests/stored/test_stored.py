"""What deployments have stored opens for ever, and what is stored today has the names that it had."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from localstack.emulator import Emulator
from tests.doors.doors import call
from tests.services.backend import Backend
from tests.stored.live import live
from tests.stored.names import names_of
from tests.stored.questions import Question, ask, differences
from tests.stored.storage import Json, Stored, fresh_backend
from tests.stored.versions import cached_small_versions
from tests.stored.write import EXPECTED, FOLDERS

pytest_plugins = ("tests.integration.emulator_fixture",)
pytestmark = pytest.mark.emulator

WRITTEN = sorted(path.parent.name for path in FOLDERS.glob(f"*/{EXPECTED}"))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_was_stored_answers_as_it_did(running: Emulator, name: str) -> None:
    folder = FOLDERS / name
    asked = json.loads((folder / EXPECTED).read_text(encoding="utf-8"))
    with fresh_backend(running, name) as backend:
        Stored.open(folder).load(backend)
        found = list(_differences_of_all(backend, asked))
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("name", WRITTEN)
def test_reasons_of_past_events_belong_to_their_groups_whatever_these_are_called_now(
    running: Emulator, name: str
) -> None:
    with fresh_backend(running, f"past-{name}") as backend:
        Stored.open(FOLDERS / name).load(backend)
        _, overview = call("GET", "/v1/detector/contributions")
        group = max(overview["groups"], key=lambda one: float(one["mean_absolute"]))
        _, dependence = call("GET", f"/v1/detector/contributions/{group['features'][0]}")
    assert dependence["group"]["name"] == group["name"]
    assert dependence["raised"][0]["sentence"] is not None


def _differences_of_all(backend: Backend, asked: Sequence[Json]) -> Iterator[str]:
    for plain in asked:
        question = Question(**{name: value for name, value in plain.items() if name != "expected"})
        found = ask(backend, question)
        yield from differences(plain["expected"], found, question.at, f"{question.door} {question.of} ")


def test_what_is_stored_today_has_the_same_names(running: Emulator, tmp_path: Path) -> None:
    newest = FOLDERS / WRITTEN[-1]
    with fresh_backend(running, "today") as backend:
        live(backend, cached_small_versions(tmp_path / "sealed"))
        found = list(_compare_names(names_of(Stored.open(newest)), names_of(Stored.of(backend))))
    assert not found, f"Stored names never change. If some came to {newest.name}, write a new folder beside it:\n" + (
        "\n".join(found[:20])
    )


def _compare_names(before: Mapping[str, Sequence[str]], now: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for where in sorted(before.keys() | now.keys()):
        was, is_ = set(before.get(where, ())), set(now.get(where, ()))
        yield from (f"{where}: {name} is gone" for name in sorted(was - is_))
        yield from (f"{where}: {name} is new" for name in sorted(is_ - was))
