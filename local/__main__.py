"""python -m local: the local AWS from the command line."""

import argparse
import shlex
import sys
from pathlib import Path

from local import lifecycle
from local.errors import LocalAwsError
from local.paths import DEFAULT_HOME


def main() -> int:
    """Run one command; returns the exit code. Errors that the user can act on are one message on stderr."""
    options = _parser().parse_args()
    try:
        return int(options.run(options) or 0)
    except LocalAwsError as error:
        print(f"local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="An AWS on this machine: everything that the project uses, without an AWS account.")
    commands = parser.add_subparsers(required=True, metavar="command")
    up = _command(commands, "up", _up, "start it in the background")
    up.add_argument("--tls", action="store_true", help="serve HTTPS and enforce IAM: each Lambda may do what its role grants, and nothing else")
    up.add_argument("--port", type=int, help="the emulator's port (default: a free one)")
    up.add_argument("--without-bedrock", action="store_true", help="start the emulator alone, for work on the infrastructure")
    _command(commands, "status", _status, "say what runs and where")
    _command(commands, "env", _env, 'print shell exports for AWS clients: eval "$(python -m local env)"')
    _command(commands, "down", _down, "stop it, also after a crash")
    return parser


def _command(commands, name, run, text):
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--home", type=lambda value: Path(value).resolve(), default=DEFAULT_HOME, help="folder of state, logs and stored models (default: build/local)")
    command.set_defaults(run=run)
    return command


def _up(options: argparse.Namespace) -> None:
    instance = lifecycle.up(options.home, tls=options.tls, port=options.port, with_bedrock=not options.without_bedrock)
    print(f"AWS      {instance.emulatorUrl}\nBedrock  {instance.bedrockUrl or 'not started'}\nState    {options.home}")
    print('Next: eval "$(python -m local env)", python -m local deploy, python -m local down')


def _status(options: argparse.Namespace) -> int:
    running = lifecycle.status(options.home)
    for name, runs in running.items():
        print(f"{name:9}{'running' if runs else 'stopped'}")
    return 0 if all(running.values()) else 3


def _env(options: argparse.Namespace) -> None:
    for name, value in lifecycle.running_instance(options.home).environment().items():
        print(f"export {name}={shlex.quote(value)}")


def _down(options: argparse.Namespace) -> None:
    stopped = lifecycle.down(options.home)
    print(f"Stopped: {', '.join(stopped)}" if stopped else "Nothing was running.")


if __name__ == "__main__":
    raise SystemExit(main())
