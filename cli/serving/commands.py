"""serving, waiting, approve, promote, rollback, pin, unpin: what they read and print."""

import getpass
import time
from typing import Annotated

import typer

from cli.command import Connect, Dataset, Yes, confirm, on_stack


@on_stack
def serving(connect: Connect, dataset: Dataset) -> None:
    """Show which model serves a dataset, through which deployment, and what served before."""
    from cli.screen import screen
    from cli.serving.draw_serving import draw_serving
    from cli.serving.rollback import what_serves

    now = what_serves(connect(), dataset)
    screen.show(draw_serving(dataset, now))
    screen.data(now)


@on_stack
def waiting(connect: Connect) -> None:
    """List the runs that wait for a person's approval, with the command that answers."""
    from cli.screen import screen
    from cli.serving.approve import draw_waiting, usd_asked_for, waiting_runs

    services = connect()
    rows = waiting_runs(services)
    usd = [usd_asked_for(services, row) for row in rows]
    if rows:
        screen.show(draw_waiting(rows, usd))
    else:
        screen.say("No run waits for an approval.")
    for row in rows:
        screen.say(f"Next: python -m cli approve {row.run_id}, with --decline to say no")
    told = [{"runId": row.run_id, "for": row.kind, "since": row.submitted_at, "until": row.deadline_at} for row in rows]
    screen.data([one | {"expectedUsd": money} for one, money in zip(told, usd, strict=True)])


@on_stack
def approve(
    connect: Connect,
    run: Annotated[str, typer.Argument(help="Id of the run that waits.")],
    *,
    decline: Annotated[bool, typer.Option("--decline", help="Say no.")] = False,
    reason: Annotated[str, typer.Option(help="Why; the ledger keeps it beside your name and the time.")] = "",
) -> None:
    """Answer a run that waits for approval: it promotes its student, or spends what it is estimated at; with --decline
    it does not.
    """
    from cli.screen import screen
    from cli.serving.approve import give_answer, waiting_run

    services = connect()
    give_answer(services, waiting_run(services, run), approved=not decline, why=reason)
    screen.say(f"{'Declined' if decline else 'Approved'}: {run}. Next: python -m cli watch {run}")
    screen.data({"runId": run, "decision": "declined" if decline else "approved"})


@on_stack
def promote(
    connect: Connect,
    dataset: Dataset,
    *,
    run: Annotated[str, typer.Option(help="Id of the run whose student is to serve.")],
    yes: Yes = False,
) -> None:
    """Promote a run's student by hand, after a look at its verdict.

    The deployment's ARN stays; the previous model can be brought back.
    """
    from cli.screen import screen
    from cli.serving import promote as promoting
    from cli.serving.draw_serving import draw_verdict

    services = connect()
    chosen = promoting.candidate(services, dataset, run)
    screen.show(draw_verdict(run, chosen.verdict))
    screen.say(f"Serves now: {chosen.serves_now or 'nothing'}")
    confirm(f"Have the student of {run} serve {dataset}?", yes)
    parameter = promoting.promote(services, chosen, promoting.Waiting(getpass.getuser(), screen.say, time.sleep))
    screen.done(f"{run} serves {dataset}; {parameter} says so.")
    screen.say(f"Back: python -m cli rollback {dataset}")
    screen.data({"runId": run, "dataset": dataset, "parameter": parameter})


@on_stack
def rollback(
    connect: Connect,
    dataset: Dataset,
    *,
    to: Annotated[str | None, typer.Option(help="Run of the history to go back to. Default: the previous one.")] = None,
    skip_canary: Annotated[
        bool, typer.Option("--skip-canary", help="Do not compare with that run's predictions (its files may be gone).")
    ] = False,
    yes: Yes = False,
) -> None:
    """Go back to the model that served before."""
    from cli.screen import screen
    from cli.serving import rollback as rolling_back
    from cli.serving.draw_serving import draw_serving
    from cli.serving.promote import Waiting

    services = connect()
    now = rolling_back.what_serves(services, dataset)
    target = rolling_back.rollback_target(now, to)
    screen.show(draw_serving(dataset, now))
    confirm(f"Have the student of {target.run_id} serve {dataset} again?", yes)
    waiting = Waiting(getpass.getuser(), screen.say, time.sleep)
    parameter = rolling_back.roll_back(services, dataset, now, target, waiting, canary=not skip_canary)
    screen.done(f"{target.run_id} serves {dataset} again; {parameter} says so.")
    screen.data({"runId": target.run_id, "dataset": dataset, "parameter": parameter})


@on_stack
def pin(
    connect: Connect,
    dataset: Dataset,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stands beside your name and the time.")] = "",
) -> None:
    """Keep what serves a dataset: until `unpin`, no run promotes its student by itself."""
    from cli.screen import screen
    from cli.serving.approve import signed
    from cli.serving.rollback import set_pin

    services = connect()
    now = set_pin(services, dataset, signed(services, reason))
    screen.done(f"{dataset} is pinned to {now.run_id}. A person may still promote: python -m cli promote {dataset}")
    screen.data(now)


@on_stack
def unpin(connect: Connect, dataset: Dataset) -> None:
    """Let runs promote their students by themselves again."""
    from cli.screen import screen
    from cli.serving.rollback import set_pin

    screen.data(set_pin(connect(), dataset, ""))
    screen.done(f"{dataset} is not pinned.")
