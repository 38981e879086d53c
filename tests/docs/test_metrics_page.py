"""The page on metrics names all that are sent, and no others."""

from __future__ import annotations

import re

from tollgate.core.decisions.metrics import DETECTOR, EVENTS_AHEAD, OUTCOME, RULE, VARIABLE, VERSION

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
CORE, SERVICES = ROOT / "functions/tollgate/core", ROOT / "functions/tollgate/services"
SENDING = (
    CORE / "decisions/metrics.py",
    *(SERVICES / f"{name}.py" for name in ("decisions/decide", "streams/process", "batches/process")),
)


def test_every_metric_is_documented() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in SENDING)
    words = "GetEvent|Prediction|Outcome|Variable|Rule|Repeated|Degraded|Decision|Blocks|EventNot|File|ResultNot"
    names = rf'"((?:{words}|Record(?:Ref|Ret|Ski))\w+)"'
    sent = {*re.findall(names, written), "Prediction", "GetEventPrediction4XXError", "GetEventPrediction5XXError"}
    sent.add(EVENTS_AHEAD)
    sent -= {DETECTOR, VERSION, OUTCOME, RULE, VARIABLE}
    rows = re.findall(r"^\| (`[^|]+`) \| `DetectorID`", PAGE, flags=re.MULTILINE)
    documented = set(re.findall(r"`(\w+)`", " ".join(rows)))
    assert len(sent) >= 22
    assert documented == sent
