"""Archive of a version's reasons: NumPy arrays in a zip file, nothing that runs code when it is read."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tollgate.core.explanations.explainer import Explainer, LinearReasons, TreeReasons
from tollgate.core.explanations.lime import Lime
from tollgate.core.explanations.splits import Splits
from tollgate.core.explanations.tree_pairs import DeepPairs
from tollgate.core.explanations.tree_quadrature import DeepTrees
from tollgate.core.explanations.tree_tables import Tables

_Arrays = dict[str, npt.NDArray[Any]]
_PARTS: dict[str, type[Tables | DeepTrees | DeepPairs]] = {
    "tables": Tables,
    "deep_trees": DeepTrees,
    "deep_pairs": DeepPairs,
}


class SealedReasons:
    """A version's reasons, opened when they are first asked for. Safe to share between threads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @cached_property
    def explainer(self) -> Explainer | Lime:
        """What explains the version's decisions: exactly, or a model that no table covers by asking it."""
        return read_explainer(self._content)


def write_explainer(explainer: Explainer | Lime) -> bytes:
    """Return an explainer as the bytes of a file; the same explainer always gives the same bytes."""
    if isinstance(explainer, Lime):
        return _pack({"background": explainer.background}, {"kinds": "lime"})
    arrays: _Arrays = {}
    kinds: list[list[str]] = []
    for number, part in enumerate(explainer.parts):
        if isinstance(part, LinearReasons):
            kinds.append(["linear"])
            _put(arrays, f"{number}", part)
            continue
        names = [next(name for name, kind in _PARTS.items() if isinstance(one, kind)) for one in part.parts]
        kinds.append(["trees", *names])
        _put(arrays, f"{number}.splits", part.splits)
        for place, one in enumerate(part.parts):
            _put(arrays, f"{number}.{place}", one)
    header = {
        "features": explainer.features,
        "base": explainer.base,
        "of_shares": explainer.of_shares,
        "slope": explainer.slope,
        "intercept": explainer.intercept,
        "kinds": kinds,
    }
    return _pack(arrays, header)


def _pack(arrays: _Arrays, header: Mapping[str, Any]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(
        out, allow_pickle=False, header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays
    )
    return out.getvalue()


def read_explainer(content: bytes) -> Explainer | Lime:
    """Rebuild what `write_explainer` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        arrays: _Arrays = {name: archive[name] for name in archive.files}
    header = json.loads(arrays.pop("header").tobytes())
    if header["kinds"] == "lime":
        return Lime(arrays["background"])
    parts: list[TreeReasons | LinearReasons] = []
    for number, (kind, *names) in enumerate(header.pop("kinds")):
        if kind == "linear":
            parts.append(LinearReasons(**_take(arrays, f"{number}")))
            continue
        inner = tuple(_PARTS[name](**_take(arrays, f"{number}.{place}")) for place, name in enumerate(names))
        parts.append(TreeReasons(Splits(**_take(arrays, f"{number}.splits")), inner))
    return Explainer(parts=tuple(parts), **header)


def _put(arrays: _Arrays, prefix: str, part: object) -> None:
    for field in fields(part):  # type: ignore[arg-type]
        array = np.asarray(getattr(part, field.name))
        # Places are small numbers; half the file is enough for them.
        arrays[f"{prefix}.{field.name}"] = array.astype(np.int32) if array.dtype == np.int64 else array


def _take(arrays: _Arrays, prefix: str) -> dict[str, Any]:
    found = {name: array for name, array in arrays.items() if name.rpartition(".")[0] == prefix}
    return {name.rpartition(".")[2]: _widen(array) for name, array in found.items()}


def _widen(array: npt.NDArray[Any]) -> Any:  # noqa: ANN401 - a number, or an array of any type
    if array.ndim == 0:
        return array.item()
    return array.astype(np.int64) if array.dtype == np.int32 else array
