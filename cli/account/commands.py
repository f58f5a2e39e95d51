"""doctor and prove: what they read and print."""

from typing import TYPE_CHECKING

import typer

from cli.command import on_account

if TYPE_CHECKING:
    from gateways.clients import Clients


@on_account
def doctor(place: tuple["Clients", str]) -> None:
    """Look the account up before a run: seconds, costs nothing. Exit 1 if something would stop a run."""
    from cli.account.checks import Level
    from cli.account.doctor import examine
    from cli.account.draw_checks import draw_checks, summary
    from cli.screen import screen
    from infra.release import release

    found = list(examine(*place, release()))
    screen.show(draw_checks(found))
    screen.say(f"\n{summary(found)}")
    screen.data([check._asdict() for check in found])
    if any(check.level is Level.FAILURE for check in found):
        raise typer.Exit(1)
