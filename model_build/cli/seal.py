"""The `tollgate seal` and `tollgate features` commands, for models that are trained elsewhere."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from model_build.cli.console import check_writable, show_progress, show_trained
from model_build.cli.output_file import check_output

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.argument("data", type=_FILE, required=False)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option("--model", type=_FILE, help="ONNX model, trained on the output of `tollgate features`.")
@click.option(
    "--out", type=_FOLDER, required=True, help="Output folder; the version goes to OUT/<detector>/<version>/."
)
def seal(data: Path | None, detector: Path, model: Path | None, out: Path) -> None:
    """Seal your own model, or rules alone, as a version.

    With --model, the labeled payments in DATA evaluate the model and set its score scale; its reasons are approximate.
    Without --model, rules alone decide; DATA is optional and only fills the histories.
    """
    from model_build.detector_file.reader import read_detector_file

    check_writable(out)
    file = read_detector_file(detector)
    if model is not None:
        if data is None:
            raise click.UsageError("--model needs DATA: labeled payments to evaluate the model on.")
        from model_build.models.external import seal_external_model

        trained = seal_external_model(data, file, model, out, show_progress(Console(stderr=True)))
        show_trained(trained, "Test on later payments (the model may have been trained on them)")
        return
    from model_build.models.rules_only import seal_rules

    sealed = seal_rules(file, data, out, show_progress(Console(stderr=True)))
    for warning in file.warnings:
        click.echo(f"Note: {warning}", err=True)
    click.echo(f"Sealed version {sealed.version.version} in {sealed.folder}")


@click.command()
@click.argument("data", type=_FILE)
@click.option("--detector", "detector", type=_FILE, required=True, help="The detector.toml that describes DATA.")
@click.option("--out", type=_FILE, required=True, help="Output file, .parquet or .csv.")
def features(data: Path, detector: Path, out: Path) -> None:
    """Write features, to train a model elsewhere.

    Each row is a labeled payment of DATA with the features as they were when it arrived: its ID, its part, its label,
    and the features in the order in which the model gets them. Train only on the part "train"; the other parts evaluate
    the model.
    """
    from model_build.detector_file.reader import read_detector_file
    from model_build.train import FEATURE_SUFFIXES, write_features

    check_writable(out.parent)
    check_output(out, (data, detector), FEATURE_SUFFIXES)
    file = read_detector_file(detector)
    rows, columns = write_features(data, file, out, show_progress(Console(stderr=True)))
    click.echo(f"Wrote {columns:,} features of {rows:,} payments to {out}")


COMMANDS: tuple[click.Command, ...] = (seal, features)
