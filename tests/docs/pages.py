"""The pages of the documentation, and the blocks of code in them.

A comment on the line above a block says what it is: `<!-- file: name -->`, or how a command is run:
`<!-- not run: why -->`, `<!-- run by: test file -->`, `<!-- run in the repository -->` or
`<!-- run in the repository, slow -->`. A command without one is run in an empty folder, after those above it.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
# Pages beside the code they are about.
DEPLOY = ROOT / "docs" / "how-to" / "deploy-to-aws.md"
OTHERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "app" / "README.md", ROOT / "localstack" / "README.md"]
SHELL = ("sh", "shell", "bash")
# Why a command may be left out; everything else is run.
NOT_RUN = ("needs an AWS account", "needs Docker")
IN_REPOSITORY, SLOWLY_IN_REPOSITORY = "run in the repository", "run in the repository, slow"
_FENCE = re.compile(r"( *)(```+)(\w*)\s*$")
_NOTE = re.compile(r"\s*<!-- (.+) -->\s*$")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``note`` is the comment on the line above it, ``before`` the last line of text above it."""

    page: Path
    line: int
    language: str
    text: str
    note: str
    before: str

    @property
    def not_run(self) -> bool:
        return self.note.startswith("not run: ")

    @property
    def run_by(self) -> str | None:
        """The test file that runs the block."""
        return self.note.removeprefix("run by: ") if self.note.startswith("run by: ") else None

    @property
    def file(self) -> str | None:
        """The name under which the page has the reader save the block."""
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read_blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of a page in their order, those of ``languages`` if any are named."""
    blocks: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    number = 0
    while number < len(lines):
        if not (opening := _FENCE.match(lines[number])):
            number += 1
            continue
        end = next(at for at in range(number + 1, len(lines)) if lines[at].strip() == opening[2])
        note = _NOTE.match(lines[number - 1]) if number else None
        before = next((line for line in reversed(lines[:number]) if line.strip()), "")
        text = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
        blocks.append(Block(page, number + 1, opening[3], text, note[1] if note else "", before))
        number = end + 1
    return [block for block in blocks if not languages or block.language in languages]


def blocks_run_by(test_file: str) -> list[Block]:
    """Return the blocks that say that a test file, named from the root, runs them; in the order of their pages."""
    return [block for page in (*DOCS, *OTHERS) for block in read_blocks(page) if block.run_by == test_file]


def read_prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^( *)(```+)\w*\n.*?^ *\2\s*$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def read_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read_prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}
