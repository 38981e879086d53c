"""Arithmetic for formulas, so that each is written once: NumPy for columns, `scalar_math` for one event."""

from __future__ import annotations

from typing import Any, Protocol, cast

import numpy as np

from tollgate.core.features import scalar_math


class Arithmetic(Protocol):
    """What a formula calculates with: `COLUMNS` or `PLAIN`."""

    @property
    def where(self) -> Any: ...  # noqa: ANN401, D102 - functions of NumPy, whose types differ by version
    @property
    def divide(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def maximum(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def minimum(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def sqrt(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def sign(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def log(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def log1p(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def arcsin(self) -> Any: ...  # noqa: ANN401, D102
    @property
    def rint(self) -> Any: ...  # noqa: ANN401, D102


COLUMNS = cast(Arithmetic, np)
PLAIN = cast(Arithmetic, scalar_math)
