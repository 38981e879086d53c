"""Scoring of a table of any size, span by span."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pyspark.sql import functions as sf
from tollgate import clock
from tollgate.core.times.timestamps import to_microseconds, to_moment

from spark_job.deciding import Decide, result_schema
from spark_job.histories import AddUp, sums_before
from spark_job.input.rows import find_repeated, mark_good, number_rows, read_rows
from spark_job.input.tables import Table
from spark_job.sealed import SealedVersion
from spark_job.spans import SUMS, Bounds, assign_spans, find_bounds, over_spans
from spark_job.staging import Stages
from spark_job.stored import read_opening, record
from spark_job.withheld import FindWithheld

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

SPAN_ROWS = 100_000
_THIN = ("row", "span", "time_us", "amount", "latitude", "longitude", "keys")


@dataclass(frozen=True)
class Scoring:
    """How a table is decided on, and what is kept of it in ``stages``.

    ``histories`` is the table of stored histories, None to begin with empty ones. With ``as_text`` the results are the
    cells of a CSV file. Rows may not lie ahead of ``now``, by default the time when the table was begun with, which is
    kept: a repeated job decides alike.
    """

    sealed: Broadcast[SealedVersion]
    stages: Stages
    table: Table
    histories: str | None = None
    span_rows: int = SPAN_ROWS
    as_text: bool = False
    now: datetime | None = None

    def results(self) -> DataFrame:
        """Return the rows with what was decided on them, in no order."""
        version, names = self.sealed.value.open(), self.table.names
        schema = result_schema(version, names, self.table.cells, as_text=self.as_text)
        decide = Decide(self.sealed, names, self.as_text, self._now)
        withheld = self._withheld if self._matures_within else self._nothing
        return over_spans(self._rows, self._stored(withheld), self._bounds.spans, decide, schema)

    def _stored(self, withheld: DataFrame) -> DataFrame:
        """Return what was there before each span, given what earlier ones did not let through."""
        if self._bounds.spans == 1:
            return self._before_the_only_span
        return self._before(self.added.unionByName(withheld))

    def record(self, name: str) -> int:
        """Add the table to the stored histories, once for each ``name``; return in how many batches."""
        last = self._rows.where("good").agg(sf.max("time_us").alias("us")).collect()[0].us
        if self.histories is None or last is None:
            return 0
        return record(self.added.unionByName(self._withheld), self.sealed, self.histories, name, last / 1e6)

    @cached_property
    def _withheld(self) -> DataFrame:
        """What each span takes back of what it added, for rows that were not let through.

        They depend on those of earlier spans, and these on yet earlier ones: each turn comes further, until nothing
        changes.
        """
        version = self.sealed.value.open()
        found = self._nothing
        if version.history.maturing is None or version.withheld_from == len(version.order):
            return found
        for turn in itertools.count():
            before, found = found, self.stages.keep(f"withheld-{turn}", partial(self._find_withheld, found))
            if not self._matures_within or _are_same(before, found):
                return found
        raise AssertionError

    def _find_withheld(self, withheld: DataFrame) -> DataFrame:
        find = FindWithheld(self.sealed, self.table.names, self._now)
        return over_spans(self._rows, self._stored(withheld), self._bounds.spans, find, SUMS)

    @cached_property
    def _matures_within(self) -> bool:
        """Whether rows of a span can have matured by a later one."""
        maturing = self.sealed.value.open().history.maturing
        if maturing is None or self._bounds.spans == 1:
            return False
        good = self._rows.where("good")
        first, last = good.agg(sf.min("time_us"), sf.max("time_us")).collect()[0]
        return bool(last - first > maturing.delay_s * 1e6)

    @cached_property
    def added(self) -> DataFrame:
        """What each span adds to each key's history."""
        return self.stages.keep("added", self._add_up)

    def _add_up(self) -> DataFrame:
        spans, thin = self._bounds.spans, self._rows.where("good").select(*_THIN)
        unusual = self.sealed.value.open().history.unusual
        if unusual is None:
            stored = self._nothing
        elif spans == 1:
            stored = self._before_the_only_span
        else:
            judging = over_spans(thin, self._nothing, spans, AddUp(self.sealed, judging=True), SUMS)
            stored = self._before(judging, unusual.entity)
        return over_spans(thin, stored, spans, AddUp(self.sealed), SUMS)

    def _before(self, added: DataFrame, *entities: str) -> DataFrame:
        opening = self._opening.where(sf.col("entity").isin(*entities)) if entities else self._opening
        return sums_before(added.unionByName(opening), self.sealed, self._bounds)

    @property
    def _before_the_only_span(self) -> DataFrame:
        return self._opening.withColumn("span", sf.lit(0).cast("bigint"))

    @property
    def _nothing(self) -> DataFrame:
        return self.stages.spark.createDataFrame([], SUMS)

    @cached_property
    def _opening(self) -> DataFrame:
        table = self.histories
        if table is None:
            return self._nothing
        return self.stages.keep("opening", lambda: read_opening(self._rows, self.sealed, table))

    @cached_property
    def _rows(self) -> DataFrame:
        return assign_spans(self._checked, self._bounds)

    @cached_property
    def _bounds(self) -> Bounds:
        def choose() -> DataFrame:
            found = find_bounds(self._checked, self.span_rows)
            return self.stages.spark.createDataFrame(found, "time_us bigint, row bigint")

        return Bounds.of((one.time_us, one.row) for one in self.stages.keep("bounds", choose).collect())

    @cached_property
    def _now(self) -> datetime:
        def note() -> DataFrame:
            return self.stages.spark.createDataFrame([(to_microseconds(self.now or clock.now()),)], "now_us bigint")

        return to_moment(self.stages.keep("now", note).collect()[0].now_us)

    @cached_property
    def _checked(self) -> DataFrame:
        numbered = number_rows(self.stages.keep("rows", lambda: read_rows(self.table, self.sealed, self._now)))
        return mark_good(numbered, self.stages.keep("repeated", lambda: find_repeated(numbered)))


def _are_same(one: DataFrame, other: DataFrame) -> bool:
    return not one.exceptAll(other).take(1) and not other.exceptAll(one).take(1)
