"""The glossary has every term that the dashboard explains, and each term once."""

from __future__ import annotations

import re

from app.ui.glossary import GLOSSARY
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, flags=re.MULTILINE)
TERMS = [term for terms, _ in ROWS if terms != "term" for term in terms.split(", ")]


def test_every_term_of_the_dashboard_is_in_the_glossary() -> None:
    assert len(TERMS) > 60
    assert set(GLOSSARY) <= {*TERMS, *(term.removesuffix(" mode") for term in TERMS)}, (
        "add the term to docs/reference/glossary.md"
    )


def test_each_term_is_explained_once() -> None:
    assert len(TERMS) == len(set(TERMS))
