"""Run commands of other programs: their output goes to logs, their end is waited for, and none of them outlives this
process.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from local.errors import LocalAwsError
from local.processes import end_tree, tail

Process = subprocess.Popen[bytes]


class LoggedCommand(NamedTuple):
    """A command that runs, its output's file, and what to do when it fails."""

    process: Process
    what: str
    log: Path
    advice: str


def start_logged(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str], advice: str, folder: Path
) -> LoggedCommand:
    """Start the command in `folder`; its output is appended to `log`."""
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    return LoggedCommand(process, f"{Path(command[0]).name} {command[1]}", log, advice)


def wait_for_all(commands: Sequence[LoggedCommand]) -> None:
    """Return when all have succeeded.

    At the first failure, and on an interrupt, the others are ended; a failure is a `LocalAwsError` with the log's end.
    """
    try:
        for command in commands:
            _wait_for_success(command)
    finally:
        for command in commands:
            end(command.process)


def _wait_for_success(command: LoggedCommand) -> None:
    code = command.process.wait()
    if code:
        raise LocalAwsError(
            f"{command.what} failed (exit {code}). The end of {command.log}:\n{tail(command.log)}\n{command.advice}"
        )


def wait_or_end(process: Process) -> int:
    """The exit code. When this process is interrupted meanwhile, the other one and its children are ended first."""
    try:
        return process.wait()
    finally:
        end(process)


def end(process: Process) -> None:
    """End the process and its children where it still runs."""
    if process.poll() is None:
        end_tree(psutil.Process(process.pid))
        process.wait()
