"""The commands, by the room that holds them. What a command needs is imported when it runs, so that `--help` is quick.

Exit codes: 0 good, 1 not, 2 wrong usage, 130 stopped by Ctrl-C; `report --exit-code` tells the verdict.
"""

from typing import Annotated

import typer

from cli.account.commands import doctor, prove
from cli.command import Commands
from cli.files.commands import estimate, fetch, plan, rebuild, seeds, validate
from cli.runs.commands import compare, report, runs, start, stop, watch
from cli.serving.commands import approve, pin, promote, rollback, serving, unpin, waiting

app = typer.Typer(
    cls=Commands,
    help="Nova Distill: start runs, watch them, read their reports.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # boxes around the help take four times as long to come up
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from infra.packaging.release import release  # noqa: PLC0415

        print(f"nova-distill {release()}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the release and exit.")
    ] = False,
) -> None:
    pass


_FILES = (validate, seeds, estimate, plan)
_RUNS = (start, watch, stop, report, fetch, compare, rebuild, runs)
_SERVING = (serving, waiting, approve, promote, rollback, pin, unpin)
for command in (doctor, prove, *_FILES, *_RUNS, *_SERVING):
    app.command()(command)
