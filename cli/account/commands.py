"""doctor and prove: what they read and print."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command import Yes, confirm, on_account

if TYPE_CHECKING:
    from gateways.clients import Clients


@on_account
def doctor(place: tuple["Clients", str]) -> None:
    """Look the account up before a run: seconds, costs nothing. Exit 1 if something would stop a run."""
    from cli.account.checks import Level
    from cli.account.doctor import examine
    from cli.account.draw_checks import draw_checks, summary
    from cli.screen import screen
    from infra.packaging.release import release

    found = examine(*place, release())
    screen.show(draw_checks(found))
    screen.say(f"\n{summary(found)}")
    screen.data([check._asdict() for check in found])
    if any(check.level is Level.FAILURE for check in found):
        raise typer.Exit(1)


@on_account
def prove(
    place: tuple["Clients", str],
    *,
    to: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder to write to, or to go on in. Default: proof/<today>."),
    ] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks at a job.")] = 20.0,
    yes: Yes = False,
) -> None:
    """Try on this account what no document of AWS settles, for less than a dollar. Exit 1 if an assumption fails."""
    from cli.account.draw_checks import draw_findings, summary_of_findings
    from cli.account.prove import COST, bench_of
    from cli.account.prove import prove as prove_all
    from cli.screen import screen

    now = datetime.now(UTC)
    folder = to or Path("proof", f"{now:%Y-%m-%d}")
    bench = bench_of(*place, folder, now, pause=lambda: time.sleep(every), say=screen.say)
    screen.say(f"{COST}. Writes to {bench.proof.folder}.")
    confirm("Start jobs in this account, and delete all of it at the end?", yes)
    try:
        failed = prove_all(bench)
    except KeyboardInterrupt:
        screen.say("\nStopped and cleaned up. Call the same command to go on.")
        raise typer.Exit(130) from None
    screen.show(draw_findings(bench.proof.findings))
    screen.say(f"\n{summary_of_findings(bench.proof.findings, bench.proof.folder)}")
    screen.data([finding._asdict() for finding in bench.proof.findings])
    if failed or not all(finding.holds for finding in bench.proof.findings):
        raise typer.Exit(1)
