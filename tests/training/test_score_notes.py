"""Notes of `tollgate score` on the values of a file as a whole."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from model_build.cli.main import main
from tests.services.backend import Payment, write_payments

pytest_plugins = ("tests.services.backend_fixture",)


def notes(tmp_path: Path, version: Path, payments: list[Payment], *more: str) -> list[str]:
    """Return the notes on payments in a file."""
    data = tmp_path / "new.csv"
    data.write_bytes(write_payments(payments))
    arguments = ["score", str(data), "--version", str(version), "--out", str(tmp_path / "out.csv"), *more]
    called = CliRunner().invoke(main, arguments)
    assert called.exit_code == 0, called.output
    return [line for line in called.stderr.splitlines() if line.startswith("Note: ")]


def test_keys_in_another_spelling_than_in_training_are_noted(
    tmp_path: Path, sample_version: Path, later_payments: list[Payment]
) -> None:
    shouted = [{**payment, "customer_id": payment["customer_id"].upper()} for payment in later_payments]
    customers = list(dict.fromkeys(payment["customer_id"] for payment in shouted))

    (note,) = notes(tmp_path, sample_version, shouted)
    assert note.startswith(
        f'Note: None of the {len(customers):,} values of "customer_id" in this file is known to the '
    )
    assert note.removesuffix(", which is.").partition("; ")[2] in [f'"{c}" may be "{c.lower()}"' for c in customers]
    assert notes(tmp_path, sample_version, later_payments) == []
    assert notes(tmp_path, sample_version, shouted, "--fresh") == []
