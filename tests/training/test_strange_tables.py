"""Tables that have nothing in common with the sample, each described by a detector.toml alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tollgate.core.events.reader import read_event

from model_build.deployment.publish import load_folder_histories, open_folder
from model_build.detector_file.reader import read_detector_file
from model_build.train import TrainingResult, train_detector
from tests.core.files.scored import score

pytestmark = pytest.mark.long

N = 600
TRAINING = '[training]\nmodels = ["logistic_regression", "xgboost"]\n'
Columns = Mapping[str, Any]


@dataclass(frozen=True)
class Strange:
    """A table and the file that describes it; ``suffix`` says how it is written."""

    event: str
    columns: Callable[[np.random.Generator, np.ndarray[Any, Any]], Columns]
    rest: str = ""
    suffix: str = ".csv"


def epochs(n: int = N) -> list[int]:
    return [1_767_225_600 + 3600 * number for number in range(n)]


def with_nulls(values: list[Any], each: int = 7) -> list[Any]:
    return [None if number % each == 3 else value for number, value in enumerate(values)]


BARE = 'id = "id"\ntimestamp = "t"\ntimestamp_format = "epoch_s"\nlabel = "y"\nlabel_delay = "1h"\n'


def bare(_g: np.random.Generator, y: np.ndarray[Any, Any]) -> dict[str, Any]:
    return {"id": [f"e{n}" for n in range(N)], "t": epochs(), "y": y.tolist()}


def anonymised(g: np.random.Generator, y: np.ndarray[Any, Any]) -> Columns:
    features = g.standard_normal((N, 28)) + 2 * y[:, None]
    return {"Id": list(range(N)), "Time": epochs(), "Class": y.tolist()} | {
        f"V{n + 1}": features[:, n] for n in range(28)
    }


def sparkov(g: np.random.Generator, y: np.ndarray[Any, Any]) -> Columns:
    start = datetime(2019, 1, 1, tzinfo=UTC)
    return {
        "trans_num": [f"{n:032x}" for n in range(N)],
        "trans_date": [(start + timedelta(hours=n)).strftime("%d/%m/%Y %H:%M") for n in range(N)],
        "cc_num": [str(60_400_000 + n % 20) for n in range(N)],
        "category": [("shopping_net", "gas, transport")[n % 2] for n in range(N)],
        "amt": np.round(g.gamma(2, 20, N) * (1 + 5 * y), 2),
        "lat": g.uniform(30, 45, N),
        "long": g.uniform(-120, -70, N),
        "status": np.where(y == 1, "Chargeback", "Settled").tolist(),
    }


def typed(g: np.random.Generator, y: np.ndarray[Any, Any]) -> Columns:
    return {
        "id": pa.array(range(10**15, 10**15 + N), pa.int64()),
        "t": pa.array([value * 1_000_000_000 + 7 for value in epochs()], pa.timestamp("ns")),
        "card": pa.array(with_nulls([n % 30 for n in range(N)]), pa.int32()),
        "amount": pa.array(with_nulls(g.integers(1, 100, N).tolist(), 5), pa.int64()),
        "y": pa.array(with_nulls([bool(value) for value in y], 50)),
    }


STRANGE = {
    "anonymised": Strange(
        'id = "Id"\ntimestamp = "Time"\ntimestamp_format = "epoch_s"\nlabel = "Class"\nlabel_delay = "1h"\n'
        f"numeric = {[f'V{n + 1}' for n in range(28)]}\n",
        anonymised,
    ),
    "nothing_but_times": Strange(BARE, bare),
    "milliseconds": Strange(
        BARE.replace("epoch_s", "epoch_ms"), lambda g, y: bare(g, y) | {"t": [t * 1000 for t in epochs()]}
    ),
    "sparkov": Strange(
        'id = "trans_num"\ntimestamp = "trans_date"\ntimestamp_format = "%d/%m/%Y %H:%M"\namount = "amt"\n'
        'label = "status"\nlabel_delay = "1h"\nlabel_values = { fraud = "chargeback", legitimate = "settled" }\n'
        'location = { latitude = "lat", longitude = "long" }\ncategorical = ["category"]\n',
        sparkov,
        '[entities]\ncard = "cc_num"\n',
    ),
    "typed": Strange(
        'id = "id"\ntimestamp = "t"\namount = "amount"\nlabel = "y"\nlabel_delay = "1h"\n',
        typed,
        '[entities]\ncard = "card"\n',
        ".parquet",
    ),
    "constant": Strange(BARE + 'numeric = ["same"]\n', lambda g, y: bare(g, y) | {"same": [3.5] * N}),
    "all_missing": Strange(BARE + 'numeric = ["none"]\n', lambda g, y: bare(g, y) | {"none": [""] * N}),
    "all_missing_typed": Strange(
        BARE + 'amount = "a"\nnumeric = ["none"]\nboolean = ["b"]\ncategorical = ["c"]\n',
        lambda g, y: bare(g, y) | dict.fromkeys(("a", "none", "b", "c", "card"), pa.nulls(N)),
        '[entities]\ncard = "card"\n',
        ".parquet",
    ),
    "booleans": Strange(
        BARE + 'boolean = ["new"]\n', lambda g, y: bare(g, y) | {"new": [("Yes", "no", "")[n % 3] for n in range(N)]}
    ),
    "booleans_typed": Strange(
        BARE + 'boolean = ["new"]\n',
        lambda g, y: bare(g, y) | {"new": with_nulls([bool(value) for value in y])},
        suffix=".parquet",
    ),
    "wide": Strange(
        BARE + f"numeric = {[f'n{n}' for n in range(300)]}\n",
        lambda g, y: bare(g, y) | {f"n{n}": g.standard_normal(N) for n in range(300)},
    ),
    "one_half_life": Strange(
        BARE + 'amount = "a"\n',
        lambda g, y: bare(g, y) | {"a": g.gamma(2, 20, N), "card": [f"c{n % 9}" for n in range(N)]},
        '[entities]\ncard = "card"\n[history]\nhalf_lives = ["2h"]\n',
    ),
    "four_parts": Strange(
        BARE,
        lambda g, y: bare(g, y) | {f"k{part}": [f"{part}{n % (part + 2)}" for n in range(N)] for part in range(4)},
        '[entities]\nplace = ["k0", "k1", "k2", "k3"]\n',
    ),
    "names_of_features": Strange(
        BARE + 'amount = "amount_log"\nnumeric = ["hour", "amount", "card_count_1h"]\ncategorical = ["weekday"]\n',
        lambda g, y: (
            bare(g, y)
            | {name: g.standard_normal(N) for name in ("amount_log", "hour", "amount", "card_count_1h")}
            | {"weekday": [str(n % 7) for n in range(N)], "card": [f"c{n % 9}" for n in range(N)]}
        ),
        '[entities]\ncard = "card"\n',
    ),
    "names_of_results": Strange(
        BARE + 'numeric = ["score", "probability"]\n',
        lambda g, y: bare(g, y) | {"score": g.standard_normal(N), "probability": g.standard_normal(N)},
    ),
    "many_categories": Strange(
        BARE + 'categorical = ["c"]\n', lambda g, y: bare(g, y) | {"c": [f"k{n % 400} é\U0001f600" for n in range(N)]}
    ),
}


def train(strange: Strange, folder: Path) -> tuple[Path, TrainingResult]:
    generator = np.random.default_rng(0)
    labels = (generator.random(N) < 0.2).astype(np.int8)
    path = folder / f"table{strange.suffix}"
    table = pa.table(strange.columns(generator, labels))
    if strange.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        pa.csv.write_csv(table, path)
    detector = folder / "detector.toml"
    detector.write_text(f'[detector]\nid = "strange"\n[event]\n{strange.event}{strange.rest}{TRAINING}')
    return path, train_detector(path, read_detector_file(detector), folder / "out", lambda _step: None)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_table_trains_and_scores_itself(name: str, tmp_path: Path) -> None:
    path, trained = train(STRANGE[name], tmp_path)
    version = open_folder(trained.sealed.folder)
    assert len(trained.models) == 2
    assert len({feature.name for feature in version.features}) == len(version.features)
    for number, stored in enumerate(({}, load_folder_histories(version, trained.sealed.folder))):
        scored = score(version, path.read_bytes(), tmp_path / f"kept-{number}", stored, name=path.name)
        assert scored.summary["failed"] == 0
        assert scored.summary["errors"] == []
        assert sum(scored.summary["outcomes"].values()) == N
    # What the dashboard offers to try has to be an event that can be decided on.
    for example in version.evaluation["examples"]:
        assert len(read_event(version.event_type, example["event"])) == 1
