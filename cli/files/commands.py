"""validate, fetch, rebuild: what they read and print."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from cli.command import Connect, Files, InputFile, Run, on_stack, printing


@printing
def validate(files: Files = None, input_file: InputFile = None) -> None:
    """Check seeds and input without AWS, as a run would. Exit 1 if the run would fail."""
    from cli.files.draw_findings import draw_findings
    from cli.files.validate import check_input, check_seeds
    from cli.runs.start import read_object
    from cli.screen import screen

    if not files and not input_file:
        raise typer.BadParameter("name at least one seed file, or --input")
    config, findings = check_input({"dataset": "seeds", **(read_object(input_file) if input_file else {})})
    if config and files:
        findings = check_seeds(config, files)
    screen.show(draw_findings(findings))
    screen.data(findings)
    if findings.fatal:
        raise typer.Exit(1)
    if input_file:
        screen.done(f"{input_file} can be used.")


@on_stack
def fetch(
    connect: Connect,
    run: Run = None,
    *,
    to: Annotated[Path, typer.Option(file_okay=False, help="Folder to copy to; it is made if it is not there.")],
) -> None:
    """Copy all files of a run, in the layout of the bucket."""
    from cli.files.fetch import fetch as copy_files
    from cli.runs.run_lookup import find_run_id
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
    """Make a run's dataset again from the replies, and compare every file with its manifest.

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
    screen.data({"runId": run, "same": not rebuilt.differing, "differing": rebuilt.differing})
    if rebuilt.differing:
        screen.say(f"\n✗ {len(rebuilt.differing)} files differ.", "bold red")
        for line in rebuilding.explanations(rebuilt):
            screen.say(line)
        raise typer.Exit(1)
    screen.done(f"The dataset of {run} is the same, byte for byte.")
