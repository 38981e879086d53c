"""A small HTTP server that answers as the API's contract says, so that the dashboard can be tested alone."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from tests.app import contract_index as index
from tests.app import contract_rules, model_shapes
from tests.app import contract_shapes as shapes
from tests.app.contract_schema import find_problems_of
from tests.app.contract_shapes import Json
from tests.http_server import serving

ROWS = 12_480


@dataclass
class Contract:
    """What the server knows and what it was asked.

    ``faults`` maps the start of a path to an error status, ``answers`` to a whole answer in place of the contract's.
    """

    url: str = ""
    detector: Json = field(default_factory=shapes.detector_document)
    evaluation: Json = field(default_factory=shapes.evaluation_document)
    contributions: Json = field(default_factory=model_shapes.contributions)
    histories: Json | None = None  # sums of the customer, by operation, in place of the usual ones
    summaries: Json | None = None  # in place of what its decisions come to
    decisions: dict[str, Json] = field(default_factory=dict)
    batches: dict[str, Json] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)
    inbox: list[Json] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    answers: dict[str, tuple[int, Json]] = field(default_factory=dict)
    delay_s: float = 0.0
    indexed_until: str | None = None
    rules: contract_rules.ContractRules = field(default_factory=contract_rules.ContractRules)
    asked: threading.local = field(default_factory=threading.local)
    drift: list[str] = field(default_factory=list)  # how answers differed from the API's description

    @property
    def query(self) -> str:
        """The query of the request that this thread answers."""
        return getattr(self.asked, "query", "")

    @property
    def seen(self) -> str | None:
        """The etag in If-Match of the request that this thread answers; None without one."""
        return getattr(self.asked, "seen", None)

    def answer(self, method: str, path: str, body: Json) -> tuple[int, Json]:
        """Return status and content of the answer to one request."""
        time.sleep(self.delay_s)
        self.requests.append(f"{method} {path}")
        for start, status in self.faults.items():
            if path.startswith(start):
                return status, {"code": "fault", "message": f"fault {status} at {path}", "retry": status >= 500}
        for start, answer in self.answers.items():
            if path == start:
                return answer
        for verb, pattern, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == verb and found:
                status, content = getattr(self, name)(body, *map(unquote, found.groups()))
                self.drift += find_problems_of(method, path, status, content)
                return status, content
        return _not_found("path")

    def get_detector(self, _body: Json) -> tuple[int, Json]:
        return 200, self.detector

    def get_evaluation(self, _body: Json) -> tuple[int, Json]:
        return 200, self.evaluation

    def get_versions(self, _body: Json) -> tuple[int, Json]:
        return 200, contract_rules.versions()

    def check_rules(self, body: Json) -> tuple[int, Json]:
        return self.rules.check(body)

    def try_rules(self, body: Json) -> tuple[int, Json]:
        return self.rules.trial(body)

    def get_draft(self, _body: Json) -> tuple[int, Json]:
        return self.rules.show_draft()

    def save_draft(self, body: Json) -> tuple[int, Json]:
        return self.rules.save_draft(body, self.seen)

    def get_list(self, _body: Json, name: str) -> tuple[int, Json]:
        return self.rules.show_list(name, self.query)

    def change_list(self, body: Json, name: str) -> tuple[int, Json]:
        return self.rules.change_list(name, body, self.seen)

    def get_contributions(self, _body: Json) -> tuple[int, Json]:
        return 200, self.contributions

    def get_dependence(self, _body: Json, feature: str) -> tuple[int, Json]:
        if feature not in model_shapes.FEATURES:
            return _not_found(f"feature {feature}")
        return 200, model_shapes.dependence(feature)

    def decide(self, body: Json) -> tuple[int, Json]:
        sent = body["event"]
        if float(sent.get("amount") or 0) < 0:
            return 422, {"code": "invalid_event", "message": "amount must not be below 0", "retry": False}
        known = self.decisions.get(sent["event_id"])
        if known:
            return 200, {**known, "repeated": True}
        made = shapes.decision(sent)
        self.decisions[sent["event_id"]] = {**made, "event": sent, "label": None}
        return 200, made

    def get_decision(self, _body: Json, event_id: str) -> tuple[int, Json]:
        if event_id not in self.decisions:
            return _not_found(f"event {event_id}")
        return 200, self.decisions[event_id]

    def find_decisions(self, _body: Json) -> tuple[int, Json]:
        return 200, index.search(self.decisions.values(), self.indexed_until, self.query)

    def get_summaries(self, _body: Json) -> tuple[int, Json]:
        return 200, self.summaries or index.summaries(self.decisions.values(), self.indexed_until, self.query)

    def get_health(self, _body: Json) -> tuple[int, Json]:
        return 200, {"status": "ok", "detector": "payments", "detector_version": shapes.VERSION}

    def what_if(self, body: Json) -> tuple[int, Json]:
        """Answer as the contract says, and remember what was asked."""
        self.questions.append(body)
        pinned = self.decisions.get(body.get("event_id", ""))
        if "event_id" in body and pinned is None:
            return _not_found(f"event {body['event_id']}")
        sent = body.get("event") or (pinned or {})["event"]
        if float(sent.get("amount") or 0) < 0:
            return 422, {"code": "invalid_event", "message": "amount must not be below 0", "retry": False}
        rows = [sent, *({**sent, **changes} for changes in body.get("variants", []))]
        told = [shapes.supposed(row, number <= 10 and body["reasons"] != "none") for number, row in enumerate(rows)]
        known = shapes.histories(sent, self.histories) if body.get("histories") else None
        named = {"detector": "payments", "detector_version": shapes.VERSION}
        return 200, {**named, "unchanged": told[0], "variants": told[1:], "histories": known}

    def list_inbox(self, _body: Json) -> tuple[int, Json]:
        return 200, {"files": self.inbox, "complete": True}

    def label(self, body: Json) -> tuple[int, Json]:
        results = [self._label_one(entry) for entry in body["labels"]]
        counts = {
            status: sum(r["status"] == status for r in results)
            for status in ("accepted", "unchanged", "waiting", "failed")
        }
        return 200, {**counts, "results": results}

    def _label_one(self, entry: Json) -> Json:
        known = self.decisions.get(entry["event_id"])
        same = {"event_id": entry["event_id"], "histories": []}
        if known is None:
            return {**same, "status": "failed", "message": "no such event"}
        if "4111" in (entry.get("note") or ""):
            return {**same, "status": "failed", "message": "note: it holds what may be a card number."}
        before, label = (known["label"] or {"label": None})["label"], entry["label"]
        said = {"note": entry.get("note"), "labelled_by": entry.get("labelled_by")}
        known["label"] = {"label": label, "known_at": "2026-11-23T19:20:00Z", **said}
        histories = ["customer", "merchant", "device"] if "fraud" in (before, label) and before != label else []
        status = "unchanged" if before == label and not said["note"] else "accepted"
        return {**same, "status": status, "message": None, "histories": histories}

    def start_batch(self, body: Json) -> tuple[int, Json]:
        batch_id = f"b{len(self.batches) + 1:04d}"
        self.add_batch(batch_id, body["filename"], "waiting")
        upload = {"url": f"{self.url}/storage/{batch_id}", "method": "PUT", "headers": {"x-test": "kept"}}
        return 201, {"batch_id": batch_id, "key": f"inbox/{batch_id}", "upload": upload, "expires_in_s": 900}

    def list_batches(self, _body: Json) -> tuple[int, Json]:
        hidden = {"summary", "downloads", "reason", "progress"}
        short = [{k: v for k, v in batch.items() if k not in hidden} for batch in reversed(self.batches.values())]
        return 200, {"batches": short, "cursor": None}

    def get_batch(self, _body: Json, batch_id: str) -> tuple[int, Json]:
        if batch_id not in self.batches:
            return _not_found(f"batch {batch_id}")
        self._move_on(batch_id)
        return 200, self.batches[batch_id]

    def add_batch(self, batch_id: str, filename: str, status: str, reason: str | None = None) -> None:
        """Add a batch with this status; a waiting one moves on each time it is asked for."""
        done = status == "done"
        self.batches[batch_id] = {
            "batch_id": batch_id,
            "detector": "payments",
            "filename": filename,
            "status": status,
            "reason": reason,
            "created_at": "2026-11-23T18:58:04Z",
            "finished_at": "2026-11-23T18:58:09Z" if done else None,
            "rows": ROWS if done else None,
            "scored": ROWS - 3 if done else None,
            "failed": 3 if done else None,
            "summary": shapes.summary(ROWS, 3) if done else None,
            "downloads": self._downloads(batch_id) if done else None,
            "progress": None,
        }

    def _downloads(self, batch_id: str) -> Json:
        return {name: f"{self.url}/storage/{batch_id}/{name}" for name in ("results", "results_parquet", "summary")}

    def _move_on(self, batch_id: str) -> None:
        """Let an unfinished batch go from waiting to running to done."""
        batch = self.batches[batch_id]
        if batch["status"] not in {"waiting", "running"}:
            return
        self.polls[batch_id] = polls = self.polls.get(batch_id, 0) + 1
        if polls == 3:
            batch.update(status="running", progress=shapes.progress(ROWS))
        elif polls >= 5:
            self.add_batch(batch_id, batch["filename"], "done")


ROUTES = [
    ("GET", "/v1/detector", "get_detector"),
    ("GET", "/v1/detector/evaluation", "get_evaluation"),
    ("GET", "/v1/healthz", "get_health"),
    ("GET", "/v1/detector/contributions", "get_contributions"),
    ("GET", "/v1/detector/versions", "get_versions"),
    ("POST", "/v1/rules/check", "check_rules"),
    ("POST", "/v1/rules/trial", "try_rules"),
    ("GET", "/v1/rules/draft", "get_draft"),
    ("PUT", "/v1/rules/draft", "save_draft"),
    ("GET", "/v1/lists/([^/]+)", "get_list"),
    ("PUT", "/v1/lists/([^/]+)", "change_list"),
    ("PATCH", "/v1/lists/([^/]+)", "change_list"),
    ("GET", "/v1/detector/contributions/([^/]+)", "get_dependence"),
    ("GET", "/v1/summaries", "get_summaries"),
    ("POST", "/v1/decisions", "decide"),
    ("GET", "/v1/decisions", "find_decisions"),
    ("GET", "/v1/decisions/([^/]+)", "get_decision"),
    ("POST", "/v1/what-if", "what_if"),
    ("GET", "/v1/inbox", "list_inbox"),
    ("POST", "/v1/labels", "label"),
    ("POST", "/v1/batches", "start_batch"),
    ("GET", "/v1/batches", "list_batches"),
    ("GET", "/v1/batches/([^/]+)", "get_batch"),
]


def _not_found(what: str) -> tuple[int, Json]:
    return 404, {"code": "not_found", "message": f"There is no {what}.", "retry": False}


class _Handler(BaseHTTPRequestHandler):
    contract: ClassVar[Contract]

    def _answer(self) -> None:
        path, self.contract.asked.query = urlsplit(self.path).path, urlsplit(self.path).query
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        if path.startswith("/storage/") and "/storage/" in self.contract.faults:
            self._fail_to_store(self.contract.faults["/storage/"])
            return
        if path.startswith("/storage/"):
            self.contract.uploads[path.removeprefix("/storage/")] = content
            self._send(200, {})
            return
        self.contract.asked.seen = (self.headers.get("if-match") or "").strip('"') or None
        self._send(*self.contract.answer(self.command, path, json.loads(content or b"{}")))

    def _fail_to_store(self, status: int) -> None:
        """Answer with an error, or break the connection where it is 0."""
        if status:
            self._send(status, {})
        else:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_POST = do_PUT = do_PATCH = _answer  # noqa: N815 - http.server's names

    def _send(self, status: int, content: Json) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serve_contract(with_past: bool = True) -> Iterator[Contract]:
    """Serve the contract on a free port of this machine; ``with_past`` puts earlier batches there."""
    contract = Contract()
    handler = type("Handler", (_Handler,), {"contract": contract})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    contract.url = f"http://127.0.0.1:{server.server_address[1]}"
    if with_past:
        contract.add_batch("b0001", "payments-2026-05.csv", "done")
        contract.add_batch("b0002", "export.csv", "rejected", 'Column "amount" is missing: add it and upload again.')
        contract.add_batch("b0003", "payments-2026-06.csv.gz", "done")
    with serving(server):
        yield contract


if __name__ == "__main__":
    with serve_contract() as running:
        print(running.url, flush=True)
        threading.Event().wait()
