"""Benchmark of ten rules, over columns and on one payment, against other rule engines.

The peers are the Rust binding of CEL (common-expression-language) and rule-engine. Their rules are compiled
beforehand, and their values are in the form they prefer: CEL's lists are converted once, while rule-engine converts
its lists on every call. They cannot evaluate columns, so they evaluate a share of the payments one by one, and their
time is scaled up to all payments. Tollgate also takes the values out of the event and reports which rules matched and
why. The runs take turns; the figures are medians.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import cel
import numpy as np
import rule_engine
from tollgate.core.events.event import Events, Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.value_lists import ValueList

from bench._figures import add_count, make_parser, write_figures

EVENT_TYPE = EventType(
    name="payment",
    id="id",
    timestamp="time",
    amount="amount",
    numeric=("items",),
    categorical=("country", "channel"),
    boolean=("is_new",),
    entities={"customer": ("customer_id",)},
)
FEATURES = tuple(Feature(name, "", "count", "customer") for name in ("customer_n_1h", "customer_n_1d", "customer_mean"))
# As CEL writes them; rule-engine writes and, or and not.
RULES = (
    "customer_id in denied",
    "amount > 1000.0 && is_new",
    'country in ["NG", "RO", "VN"] && amount > 200.0',
    "customer_n_1h >= 5.0 || customer_n_1d >= 30.0",
    "amount > 3.0 * customer_mean && customer_n_1d < 2.0",
    'channel == "online" && country != "US" && amount >= 500.0',
    "score >= 950.0 && !(customer_id in regulars)",
    "amount / items > 400.0 && items > 1.0",
    '(country == "US" || country == "CA") && channel == "online" && amount > 900.0',
    "score >= 900.0 && amount + 50.0 * items > 600.0",
)
ORDER = ("approve", "review", "block")
DENIED, REGULARS = 1_000, 20_000
# The peers are asked this many payments in a run: they take their time.
PEER_ROWS = 1_000


def make_inputs(rows: int) -> RuleInputs:
    random = np.random.default_rng(7)
    customers = [f"c{number:06}" for number in range(50_000)]
    countries, channels = ["US", "CA", "DE", "NG", "RO", "VN", "FR"], ["online", "contactless", "chip"]
    events = Events(
        ids=[f"p{row}" for row in range(rows)],
        times_us=np.arange(rows, dtype=np.int64),
        amounts=np.round(random.lognormal(3.5, 1.5, rows), 2),
        latitudes=None,
        longitudes=None,
        numeric={
            "items": random.integers(1, 9, rows).astype(np.float64),
            "is_new": (random.random(rows) < 0.1).astype(np.float64),
        },
        categories={
            "country": Keys(random.choice(7, rows, p=[0.6, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]), countries),
            "channel": Keys(random.integers(0, 3, rows), channels),
        },
        entities={"customer": Keys(random.integers(0, len(customers), rows), customers)},
    )
    features = random.lognormal(1.0, 1.2, (rows, len(FEATURES))).astype(np.float32)
    return RuleInputs(events, features, random.integers(0, 1001, rows))


def one_of(inputs: RuleInputs, row: int) -> RuleInputs:
    part = slice(row, row + 1)
    return RuleInputs(inputs.events.part(row, row + 1), inputs.features[part], inputs.scores[part])


def decide(rules: RuleSet, inputs: RuleInputs, by_score: Sequence[str]) -> RuleAnswers:
    answers = RuleAnswers.of(rules, inputs)
    answers.outcomes(by_score, ORDER)
    return answers


def plain_rows(rules: RuleSet, inputs: RuleInputs, rows: int) -> list[dict[str, object]]:
    """Return payments as the peers want them, lists among their values."""
    lists = {name: sorted(members.values) for name, members in rules.book.lists.items()}
    found = []
    for row in range(rows):
        values: dict[str, object] = dict(inputs.row(row, rules.scope, rules.names))
        found.append({**values, "is_new": values["is_new"] == 1.0, **lists})
    return found


def prepare_cel(rules: RuleSet) -> Callable[[Mapping[str, object]], list[bool]]:
    """Return a function that asks CEL about a payment: its lists are converted once, values are looked up as asked."""
    lists = {name: sorted(members.values) for name, members in rules.book.lists.items()}
    context, programs = cel.Context(variables=lists), [cel.compile(rule) for rule in RULES]
    values: dict[str, object] = {}
    context.set_variable_resolver(values.get)

    def ask(event: Mapping[str, object]) -> list[bool]:
        values.update((name, value) for name, value in event.items() if name not in lists)
        return [program.execute(context) for program in programs]

    return ask


def as_rule_engine(rule: str) -> str:
    return rule.replace("&&", "and").replace("||", "or").replace("!(", "not (")


def time_run(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 100_000, "payments to check the rules on")
    add_count(parser, "--runs", 5, "times to measure")
    asked = parser.parse_args()
    lists = {
        "denied": ValueList.of("text", (f"c{number:06}" for number in range(DENIED))),
        "regulars": ValueList.of("text", (f"c{number:06}" for number in range(10_000, 10_000 + REGULARS))),
    }
    book = RuleBook("ALL_MATCHED", tuple(Rule(f"r{place}", rule, "review") for place, rule in enumerate(RULES)), lists)
    rules, inputs = RuleSet.of(book, EVENT_TYPE, FEATURES), make_inputs(asked.rows)
    figures = measure(rules, inputs, asked.runs)
    report(figures, asked.rows, asked.runs)
    write_figures(asked.json, figures)


def measure(rules: RuleSet, inputs: RuleInputs, runs: int) -> dict[str, float]:
    rows = len(inputs.scores)
    by_score = ["approve"] * rows
    singles = [one_of(inputs, row) for row in range(PEER_ROWS)]
    events = plain_rows(rules, inputs, PEER_ROWS)
    ask_cel = prepare_cel(rules)
    engines = [rule_engine.Rule(as_rule_engine(rule)) for rule in RULES]
    check_answers(rules, inputs, [ask_cel(event) for event in events])
    few = events[:: PEER_ROWS // 50]
    asks: Mapping[str, Callable[[], object]] = {
        "ours": lambda: decide(rules, inputs, by_score),
        "ours_one": lambda: [decide(rules, single, ["approve"]).hits(0) for single in singles],
        "cel": lambda: [ask_cel(event) for event in events],
        "rule_engine": lambda: [[engine.matches(event) for engine in engines] for event in few],
    }
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for _ in range(runs):
        for name, ask in asks.items():
            taken[name].append(time_run(ask))
    seconds = {name: statistics.median(times) for name, times in taken.items()}
    per_event = {"cel": seconds["cel"] / len(events), "rule_engine": seconds["rule_engine"] / len(few)}
    return {
        "ms_10_by_100k": round(seconds["ours"] * 1e3 * 100_000 / rows, 2),
        "us_one_event": round(seconds["ours_one"] * 1e6 / PEER_ROWS, 2),
        **{f"{name}_ms_10_by_100k": round(each * 1e8, 1) for name, each in per_event.items()},
        **{f"{name}_us_one_event": round(each * 1e6, 1) for name, each in per_event.items()},
    }


def check_answers(rules: RuleSet, inputs: RuleInputs, expected: Sequence[Sequence[bool]]) -> None:
    """Stop unless the peer and ours say the same: a benchmark of different answers says nothing."""
    if rules.match(inputs)[:, : len(expected)].T.tolist() != [list(row) for row in expected]:
        raise SystemExit("CEL and Tollgate disagree on these rules, so there is nothing to compare.")


def report(figures: Mapping[str, float], rows: int, runs: int) -> None:
    print(f"10 rules, {rows:,} payments, lists of {DENIED:,} and {REGULARS:,} entries, median of {runs} runs")
    print(f"  {'':24} {'100,000 payments':>18} {'ratio':>8} {'one payment':>14} {'ratio':>8}")
    for title, prefix in (("Tollgate", ""), ("CEL (Rust binding)", "cel_"), ("rule-engine", "rule_engine_")):
        many, one = figures[f"{prefix}ms_10_by_100k"], figures[f"{prefix}us_one_event"]
        ratios = many / figures["ms_10_by_100k"], one / figures["us_one_event"]
        print(f"  {title:24} {many:>15,.1f} ms {ratios[0]:>8,.1f} {one:>11,.1f} us {ratios[1]:>8,.1f}")


if __name__ == "__main__":
    main()
