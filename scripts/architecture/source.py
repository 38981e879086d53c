"""Source tree: the modules of the repository, their first sentences, and their imports."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ROOT / "functions"
SERVING = "tollgate"
_TESTS = "tests"


@cache
def find_modules() -> Mapping[str, Path]:
    """Return name → file of every module below a package at the root, and of `tollgate`; packages count as modules."""
    programs = [found.parent for found in ROOT.glob("*/__init__.py") if found.parent.name != _TESTS]
    files = [(FUNCTIONS, path) for path in (FUNCTIONS / SERVING).rglob("*.py")]
    files += [(ROOT, path) for program in programs for path in program.rglob("*.py")]
    names = {".".join(path.relative_to(base).with_suffix("").parts): path for base, path in files}
    return {name.removesuffix(".__init__"): path for name, path in sorted(names.items())}


def is_package(module: str) -> bool:
    """Tell whether a module is a folder."""
    return find_modules()[module].name == "__init__.py"


def count_modules(package: str) -> int:
    """Return how many modules lie below a package, packages left out."""
    return sum(name.startswith(f"{package}.") and not is_package(name) for name in find_modules())


def about(count: int) -> int:
    """Return a rounded count, 10, 15, 20, 30 and so on: a picture need not be drawn anew for each import."""
    size: int = 10 ** (len(str(count)) - 1)
    step = size // 2 if str(count).startswith("1") and size > 1 else size
    return (count + step // 2) // step * step


def first_sentence(module: str) -> str:
    """Return the first sentence of a module's docstring."""
    docstring = ast.get_docstring(_parse(find_modules()[module]))
    if not docstring:
        raise SystemExit(f"{find_modules()[module].relative_to(ROOT)} has no docstring; its first sentence is drawn.")
    paragraph = " ".join(docstring.partition("\n\n")[0].split()).replace("``", "").replace("`", "")
    return re.split(r"(?<=[.!?])\s", paragraph)[0]


def part_of(module: str) -> str:
    """Return which part of the whole a module belongs to: a layer of `tollgate`, or a package at the root."""
    return ".".join(module.split(".")[: 2 if module.startswith(f"{SERVING}.") else 1])


@cache
def list_imports() -> frozenset[tuple[str, str]]:
    """Return each pair of modules of which the first imports the second; imports for types only are left out."""
    return frozenset(
        (module, imported) for module in find_modules() for imported in _imported(module) if imported != module
    )


def count_arrows() -> Counter[tuple[str, str]]:
    """Return how many pairs of modules stand behind each arrow from one part to another."""
    arrows = Counter((part_of(module), part_of(imported)) for module, imported in list_imports())
    return Counter({(part, other): count for (part, other), count in arrows.items() if part != other})


def order_layers() -> list[str]:
    """Return the layers of `tollgate`, each above those that it imports. Raises `CycleError` if there is a circle."""
    layers = {part_of(name) for name in find_modules() if name.startswith(f"{SERVING}.") and is_package(name)}
    below = {layer: {other for part, other in count_arrows() if part == layer and other in layers} for layer in layers}
    # Sorted: where two layers may stand in either order, it is the same everywhere.
    ordered = TopologicalSorter({layer: sorted(below[layer]) for layer in sorted(layers)}).static_order()
    return list(ordered)[::-1]


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Return the whole name of every module and name that a module imports, wherever in it, except for types only."""
    return tuple(_read_imports(path))


def _read_imports(path: Path) -> Iterator[str]:
    tree = _parse(path)
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)}, line {node.lineno}: imports are written whole"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _imported(module: str) -> Iterator[str]:
    """Yield the modules of ours that a module imports: by themselves, or for a name in them."""
    modules = find_modules()
    for name in imports_of(modules[module]):
        of_ours = name if name in modules else name.rpartition(".")[0]
        if of_ours in modules:
            yield of_ours


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))
