"""HTTP client of the Tollgate API. Requests are signed for AWS if keys are configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO, TypeAlias
from urllib.parse import quote, urlsplit

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from app.api.errors import ApiProblem, problem_of_answer
from app.api.upload import CONNECT_TIMEOUT_S, Announced, Progress, send_file

Json: TypeAlias = dict[str, Any]
ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class AwsKeys:
    """AWS keys to sign requests with; ``region`` may be empty where the API's host name says it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)
    region: str = ""


@dataclass(frozen=True)
class Connection:
    """Address of the API, and the keys to sign requests with, if it requires them."""

    url: str
    keys: AwsKeys | None = None


def aws_service(url: str) -> str:
    """Return the name under which AWS checks the signature: ``lambda`` for function URLs, else ``execute-api``."""
    return "lambda" if ".lambda-url." in (urlsplit(url).hostname or "") else "execute-api"


def aws_region(url: str, default: str) -> str:
    """Return the region in an AWS host name (``….lambda-url.eu-west-1.on.aws``), or ``default``."""
    parts = (urlsplit(url).hostname or "").split(".")
    for marker in ("lambda-url", "execute-api"):
        if marker in parts[:-1]:
            return parts[parts.index(marker) + 1]
    return default


class SignForAws(requests.auth.AuthBase):
    """Adds a Signature Version 4 to a request, over https only: keys and tokens must not travel unencrypted."""

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return ``request`` with the signature's headers added."""
        url = request.url or ""
        region = aws_region(url, self._keys.region)
        if urlsplit(url).scheme != "https" or not region:
            return request
        headers = {"Content-Type": request.headers["Content-Type"]} if "Content-Type" in request.headers else {}
        signed = AWSRequest(method=request.method, url=url, data=request.body or b"", headers=headers)
        keys = Credentials(self._keys.access_key_id, self._keys.secret_access_key, self._keys.session_token or None)
        SigV4Auth(keys, aws_service(url), region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request


class Api:
    """One method for each API call of the dashboard. Every method raises ``ApiProblem``.

    ``url`` is the API's address, and the cache key of its answers.
    """

    def __init__(self, connection: Connection, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self.url = connection.url.rstrip("/")
        self._auth = SignForAws(connection.keys) if connection.keys else None
        self._timeout_s = timeout_s

    def detector(self) -> Json:
        """Return the detector's description."""
        return self._ask("GET", "/v1/detector")

    def evaluation(self) -> Json:
        """Return how well the detector's models did on later events."""
        return self._ask("GET", "/v1/detector/evaluation")

    def versions(self, limit: int = 20) -> Json:
        """Return the sealed versions of the detector, newest first."""
        return self._ask("GET", "/v1/detector/versions", parameters={"limit": str(limit)})

    def check_rules(self, rules: Sequence[Json]) -> list[Json]:
        """Return what is wrong or odd about rules."""
        return list(self._ask("POST", "/v1/rules/check", body={"rules": list(rules)})["findings"])

    def try_rules(self, rules: Sequence[Json]) -> Json:
        """Return what rules would have done to past events."""
        return self._ask("POST", "/v1/rules/trial", body={"rules": list(rules)})

    def draft(self) -> Json:
        """Return the draft of the next rules."""
        return self._ask("GET", "/v1/rules/draft")

    def save_draft(self, rules: Sequence[Json], etag: str | None, saved_by: str | None) -> Json:
        """Save the draft in place of the one with this etag, None for the first one; status 412: it is another one."""
        body = {"rules": list(rules), "saved_by": saved_by}
        return self._ask("PUT", "/v1/rules/draft", body=body, headers=_condition(etag))

    def list_page(self, name: str, search: str, limit: int, cursor: str | None) -> Json:
        """Return a page of a list's values."""
        parameters = {"search": search, "limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self._ask("GET", f"/v1/lists/{quote(name, safe='')}", parameters=parameters)

    def change_list(self, name: str, add: Sequence[str], remove: Sequence[str], etag: str | None) -> Json:
        """Add and remove values of a list that still has this etag; status 412: somebody else changed it."""
        body = {"add": list(add), "remove": list(remove)}
        return self._ask("PATCH", f"/v1/lists/{quote(name, safe='')}", body=body, headers=_condition(etag))

    def replace_list(self, name: str, values: Sequence[str], etag: str | None) -> Json:
        """Put values in place of all those of a list that still has this etag; status 412: somebody changed it."""
        path = f"/v1/lists/{quote(name, safe='')}"
        return self._ask("PUT", path, body={"values": list(values)}, headers=_condition(etag))

    def decide(self, event: Mapping[str, Any]) -> Json:
        """Have one event decided; return the decision."""
        return self._ask("POST", "/v1/decisions", body={"event": dict(event)})

    def health(self) -> Json:
        """Return the detector and the version that decide; it is the least that the API can be asked."""
        return self._ask("GET", "/v1/healthz")

    def what_if(self, question: Json) -> Json:
        """Return what would be decided on an event and its variants; nothing is recorded."""
        return self._ask("POST", "/v1/what-if", body=question)

    def decision(self, event_id: str, reasons: str = "") -> Json:
        """Return an earlier decision, with its event and label; ``reasons`` are ``top``, ``all``, or as they were."""
        parameters = {"reasons": reasons} if reasons else None
        return self._ask("GET", f"/v1/decisions/{quote(event_id, safe='')}", parameters=parameters)

    def search(self, terms: Mapping[str, str]) -> Json:
        """Return a page of decisions; ``terms`` are those of ``GET /v1/decisions``, empty ones say nothing."""
        return self._ask("GET", "/v1/decisions", parameters={name: term for name, term in terms.items() if term})

    def summaries(self, first: date, last: date) -> Json:
        """Return what the decisions of each day from ``first`` to ``last`` come to; 92 days at most."""
        return self._ask("GET", "/v1/summaries", parameters={"from": first.isoformat(), "to": last.isoformat()})

    def contributions(self) -> Json:
        """Return how much each feature moves scores."""
        return self._ask("GET", "/v1/detector/contributions")

    def dependence(self, feature: str) -> Json:
        """Return how the value of one feature moves scores, and the past events for which it did most."""
        return self._ask("GET", f"/v1/detector/contributions/{quote(feature, safe='')}")

    def label(self, event_id: str, label: str, note: str = "", labelled_by: str = "") -> Json:
        """Say that one event was ``fraud`` or ``legitimate``; return that event's row of the answer."""
        said = {"note": note, "labelled_by": labelled_by}
        given = {"event_id": event_id, "label": label, **{name: text for name, text in said.items() if text}}
        answer = self._ask("POST", "/v1/labels", body={"labels": [given]})
        row: Json = (answer.get("results") or [{"status": "failed", "message": "no answer for this event"}])[0]
        if row.get("status") == "failed":
            raise ApiProblem(f"The label was not saved: {row.get('message') or 'the API gave no reason'}.", 422)
        return row

    def batches(self, limit: int = 20) -> list[Json]:
        """Return the latest batches, newest first."""
        answer = self._ask("GET", "/v1/batches", parameters={"limit": str(limit)})
        return list(answer.get("batches") or [])

    def batch(self, batch_id: str) -> Json:
        """Return one batch, with its summary and downloads once it is done."""
        return self._ask("GET", f"/v1/batches/{quote(batch_id, safe='')}")

    def inbox(self) -> Json:
        """Return the files that were put into the inbox last, newest first."""
        return self._ask("GET", "/v1/inbox")

    def announce_batch(self, filename: str) -> Announced:
        """Return where to upload a file, which is scored as soon as it is there."""
        answer = self._ask("POST", "/v1/batches", body={"filename": filename})
        try:
            upload = answer["upload"]
            headers = {str(name): str(value) for name, value in (upload.get("headers") or {}).items()}
            return Announced(str(answer["batch_id"]), str(upload["url"]), headers, int(answer["expires_in_s"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _not_understood() from error

    def start_batch(self, filename: str, content: BinaryIO, progress: Progress = lambda _share: None) -> str:
        """Upload a file to be scored and return its batch id; ``progress`` gets the share sent, 0 to 1."""
        announced = self.announce_batch(filename)
        send_file(announced, content, progress)
        return announced.batch_id

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        timeout = (CONNECT_TIMEOUT_S, self._timeout_s)
        try:
            answer = requests.request(
                method,
                self.url + path,
                json=body,
                params=parameters,
                headers=headers,
                auth=self._auth,
                timeout=timeout,
            )
        except requests.Timeout as error:
            sentence = f"The API did not answer within {self._timeout_s:.0f} seconds: wait a moment and try again."
            raise ApiProblem(sentence) from error
        except requests.RequestException as error:
            host = urlsplit(self.url).netloc or self.url
            sentence = f"The API at {host} cannot be reached: check that it is running and that the address is right."
            raise ApiProblem(sentence) from error
        return _read_answer(answer)


def _read_answer(answer: requests.Response) -> Json:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not answer.ok:
        # AWS itself writes "Message" at function URLs.
        message = (content.get("message") or content.get("Message")) if isinstance(content, dict) else None
        raise problem_of_answer(answer.status_code, str(message or ""))
    if not isinstance(content, dict):
        raise _not_understood()
    return content


def _condition(etag: str | None) -> dict[str, str]:
    """Return the header that lets a change through only if nobody else made one meanwhile."""
    return {"If-None-Match": "*"} if etag is None else {"If-Match": f'"{etag}"'}


def _not_understood() -> ApiProblem:
    return ApiProblem("The answer is not from Tollgate: check the API URL, and that API and dashboard match.", 200)
