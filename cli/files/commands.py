"""validate, estimate, seeds, fetch, rebuild: what they read and print."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import Connect, Dataset, Files, InputFile, Run, Yes, confirm, on_stack, printing

if TYPE_CHECKING:
    from cli.files.validate import Findings
    from distillation.run.config import RunConfig


@printing
def validate(files: Files = None, input_file: InputFile = None) -> None:
    """Check seeds and input without AWS, as a run would. Exit 1 if the run would fail or be of no use."""
    from cli.screen import screen

    if not files and not input_file:
        raise typer.BadParameter("name at least one seed file, or --input")
    _, findings = _checked(input_file, files)
    _tell(findings, fails=bool(findings.fatal))
    if input_file:
        screen.done(f"{input_file} can be used.")


@printing
def estimate(files: Files = None, input_file: InputFile = None) -> None:
    """Say what a run on these seeds would cost and take, by stage, without AWS. Exit 1 if the run would fail."""
    from cli.files.estimate import draw_expected
    from cli.screen import screen

    if not files:
        raise typer.BadParameter("name at least one seed file")
    _, findings = _checked(input_file, files)
    if findings.expected:
        screen.show(draw_expected(findings.expected))
        screen.data(findings.expected)
    else:
        _tell(findings, fails=True)


@printing
def plan(
    input_file: InputFile = None,
    margin: Annotated[list[float] | None, typer.Option(help="A margin, 0.05 for 5 points; repeat it.")] = None,
    differs: Annotated[
        list[float] | None, typer.Option(help="Share of items that student and teacher answer differently; repeat it.")
    ] = None,
) -> None:
    """Say how many holdout items a margin takes, over all items and in a category, without AWS and before a run."""
    from cli.files.plan import draw_plan, plan_for
    from cli.screen import screen

    if any(not 0 < share <= 1 for share in (*(margin or ()), *(differs or ()))):
        raise typer.BadParameter("a margin or share lies above 0 and is at most 1: 0.05 for 5 points")
    config, findings = _checked(input_file)
    if config:
        found = plan_for(config.gate, config.split.holdout_share, margin or (), differs or ())
        screen.show(draw_plan(found))
        screen.data(found)
    else:
        _tell(findings, fails=True)


def _checked(input_file: Path | None, files: list[Path] | None = None) -> "tuple[RunConfig | None, Findings]":
    """The input in a file, for a dataset that needs no name, and what a run with it would say of the seed files."""
    from cli.files.seeds import read_object
    from cli.files.validate import check_input, check_seeds, local_files

    config, findings = check_input({"dataset": "seeds", **(read_object(input_file) if input_file else {})})
    return config, check_seeds(config, local_files(files)) if config and files else findings


def _tell(findings: "Findings", advice: Iterable[str] = (), *, fails: bool) -> None:
    """Ends the command with exit code 1 where it fails."""
    from cli.files.draw_findings import draw_findings
    from cli.screen import screen

    screen.show(draw_findings(findings))
    for line in advice:
        screen.say(line)
    screen.data(findings)
    if fails:
        raise typer.Exit(1)


@on_stack
def seeds(
    connect: Connect,
    dataset: Dataset,
    *,
    check: Annotated[bool, typer.Option("--check", help="Read all files, and say what a run would say.")] = False,
    remove: Annotated[list[str] | None, typer.Option(help="Delete this file; repeat it for several.")] = None,
    yes: Yes = False,
) -> None:
    """List the seed files of a dataset, check them as a run would, or remove some."""
    from cli.files import seeds as stored_seeds
    from cli.screen import screen
    from distillation.layout import seeds_prefix

    services = connect()
    if remove:
        confirm(f"Delete {', '.join(remove)} of the dataset {dataset}?", yes)
        stored_seeds.remove(services.store, dataset, remove)
        screen.done(f"Removed {', '.join(remove)}.")
    elif check:
        findings = stored_seeds.check_dataset(services, dataset)
        removals = stored_seeds.removals(findings, dataset)
        _tell(findings, (f"Next: {command}" for command in removals), fails=bool(findings.fatal))
        return
    else:
        stored_seeds.seed_files(services.store, dataset)
    files = services.store.list(seeds_prefix(dataset))
    screen.show(stored_seeds.draw_seeds(files, dataset) if files else "No seed file is left.")
    screen.data([stored._asdict() for stored in files])


@on_stack
def fetch(
    connect: Connect,
    run: Run = None,
    *,
    to: Annotated[Path, typer.Option(file_okay=False, help="Folder to copy to; it is made if it is not there.")],
) -> None:
    """Copy all files of a run, in the layout of the bucket."""
    from cli.files.fetch import fetch as copy_files
    from cli.run_lookup import find_run_id
    from cli.screen import screen

    services = connect()
    run_id = find_run_id(services, run)
    number = copy_files(services.store, run_id, to)
    screen.say(f"{number:,} files of the run {run_id} are in {to}")
    screen.data({"runId": run_id, "files": number, "folder": str(to)})


@on_stack
def rebuild(
    connect: Connect,
    run: Annotated[str, typer.Argument(help="Run id.")],
    *,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from", exists=True, file_okay=False, help="Folder that `fetch` made. Default: download the run's files."
        ),
    ] = None,
) -> None:
    """Make a run's dataset again from the replies, and compare every file with its manifest; with --from the files of
    the folder too.

    Exit 1 where one differs.
    """
    from cli.files import rebuild as rebuilding
    from cli.files.fetch import fetch as copy_files
    from cli.screen import screen

    with tempfile.TemporaryDirectory() as folder:
        source = from_ or Path(folder, "run")
        if from_ is None:
            copy_files(connect().store, run, source, rebuilding.is_fetched)
        rebuilt = rebuilding.rebuild(run, source, Path(folder, "again"))
    screen.show(rebuilding.draw(rebuilt))
    same = not (rebuilt.differing or rebuilt.altered)
    screen.data({"runId": run, "same": same, "differing": rebuilt.differing, "altered": rebuilt.altered})
    if rebuilt.differing:
        screen.say(f"\n✗ {len(rebuilt.differing)} files differ.", "bold red")
        for line in rebuilding.explanations(rebuilt):
            screen.say(line)
    for name in rebuilt.altered:
        screen.say(f"\n✗ {source / rebuilding.DATASET / name} is not the file that the run wrote.", "bold red")
    if not same:
        raise typer.Exit(1)
    screen.done(f"The dataset of {run} is the same, byte for byte.")
