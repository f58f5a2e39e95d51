"""python -m local: the local AWS from the command line."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from local import lifecycle
from local.demo import DEMO_HOME, run_demo
from local.deploy import deploy
from local.errors import LocalAwsError
from local.paths import BUILD, DEFAULT_HOME
from local.progress import Progress
from local.tour import run_tour

app = typer.Typer(
    help="An AWS on this machine: everything that the project uses, without an AWS account.",
    no_args_is_help=True,
    add_completion=False,
)
Home = Annotated[
    Path, typer.Option("--home", resolve_path=True, file_okay=False, help="Folder of state, logs and stored models.")
]
_NOWHERE = {
    "AWS_ENDPOINT_URL": "http://no-local-aws.invalid",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}


@app.command()
def up(
    home: Home = DEFAULT_HOME,
    tls: Annotated[
        bool,
        typer.Option(
            "--tls", help="Serve HTTPS and enforce IAM: each Lambda may do what its role grants, and nothing else."
        ),
    ] = False,
    port: Annotated[int | None, typer.Option(help="The emulator's port. Default: a free one.")] = None,
    without_bedrock: Annotated[
        bool, typer.Option("--without-bedrock", help="Start the emulator alone, for work on the infrastructure.")
    ] = False,
) -> None:
    """Start it in the background."""
    progress = Progress()
    with progress.step("start the local AWS"):
        instance = lifecycle.up(home, tls=tls, port=port, with_bedrock=not without_bedrock)
    print(f"AWS      {instance.emulator_url}\nBedrock  {instance.bedrock_url or 'not started'}\nState    {home}")
    print('Next: eval "$(python -m local env)"; python -m local deploy; at the end python -m local down')


@app.command("deploy")
def deploy_app(
    home: Home = DEFAULT_HOME,
    context: Annotated[
        list[str] | None,
        typer.Option("--context", "-c", metavar="NAME=VALUE", help="A setting of the app that differs."),
    ] = None,
) -> None:
    """Bootstrap and deploy the project's stack with the CDK CLI; prints the stack's outputs."""
    outputs = deploy(home, Progress(), context=dict(value.split("=", 1) for value in context or []))
    for name, value in sorted(outputs.items()):
        print(f"{name:22}{value}")


@app.command()
def status(home: Home = DEFAULT_HOME) -> None:
    """Say what runs; exit code 3 unless all does."""
    running = lifecycle.status(home)
    for name, runs in running.items():
        print(f"{name:9}{'running' if runs else 'stopped'}")
    raise typer.Exit(0 if all(running.values()) else 3)


@app.command()
def env(home: Home = DEFAULT_HOME) -> None:
    """Print shell exports for AWS clients: eval "$(python -m local env)" fails where nothing runs."""
    try:
        instance = lifecycle.running_instance(home)
    except LocalAwsError:
        # The shell sees only what it evaluates: what comes next shall not meet the real account.
        print("\n".join([*(f"export {name}={value}" for name, value in _NOWHERE.items()), "false"]))
        raise
    print("unset AWS_PROFILE AWS_SESSION_TOKEN")
    for name, value in instance.variables().items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """Stop it, also after a crash."""
    stopped = lifecycle.down(home)
    print(f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was running.")


@app.command()
def demo(
    *,
    seeds: Annotated[
        Path | None,
        typer.Option(resolve_path=True, help="Your own seeds (.jsonl, .csv, also .gz). Default: 400 review sentences."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option("--input", resolve_path=True, help="Settings of the dataset (JSON), uploaded as its input.json."),
    ] = None,
    out: Annotated[
        Path, typer.Option(resolve_path=True, help="Folder for the run's files; it is emptied first.")
    ] = BUILD / "demo",
    home: Home = DEMO_HOME,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the local AWS running: the next demo runs on its bucket.")
    ] = False,
    expand: Annotated[
        int, typer.Option(min=0, max=100_000, help="New prompts that the teacher makes from the 400 review sentences.")
    ] = 0,
    tour: Annotated[
        bool, typer.Option("--tour", help="A promotion, a second run that meets it as champion, a rollback: 6 minutes.")
    ] = False,
) -> None:
    """Distil a student on the local AWS and show its report. Exit code 0 only when the run succeeded."""
    if tour:
        if seeds or settings or expand:
            raise LocalAwsError("The tour has its own seeds and settings. Nothing was started.")
        raise typer.Exit(0 if run_tour(out=out, home=home, keep=keep) else 1)
    raise typer.Exit(0 if run_demo(seeds=seeds, settings=settings, out=out, home=home, keep=keep, expand=expand) else 1)


def main() -> None:
    """Run one command. An error that the user can act on is one message on stderr, without a stack trace."""
    try:
        app()
    except LocalAwsError as error:
        sys.exit(f"local: {error}")


if __name__ == "__main__":
    main()
