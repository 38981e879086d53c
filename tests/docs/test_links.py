"""Links between pages lead somewhere, and every page is in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, OTHERS, ROOT, read_anchors, read_prose

INDEX = ROOT / "docs" / "README.md"
PAGES = [page for page in (*DOCS, *OTHERS) if page.exists()]


def read_links(page: Path) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", read_prose(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for link in read_links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in read_anchors(target), f"{page.name} links to {link}"


def test_every_page_is_reached_from_the_index() -> None:
    seen, following = {INDEX}, [INDEX]
    while following:
        page = following.pop()
        for link in read_links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_relative_to(ROOT / "docs") and target not in seen:
                seen.add(target)
                following.append(target)
    assert set(DOCS) <= seen
