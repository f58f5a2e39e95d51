"""Run a command of another program: its output goes to a log, its end is waited for, and nothing of it outlives this process."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from local.errors import LocalAwsError
from local.paths import PROJECT
from local.processes import end_tree, tail


def run_logged(command: Sequence[str], *, log: Path, environment: Mapping[str, str], advice: str, folder: Path = PROJECT) -> None:
    """Append the command's output to `log`. A `LocalAwsError` with the log's end and `advice` where it fails; on an interrupt the command is ended too."""
    with log.open("ab") as output:
        output.write(f"\n$ {' '.join(command)}\n".encode())
        output.flush()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        code = wait_or_end(process)
    if code:
        raise LocalAwsError(f"{Path(command[0]).name} {command[1]} failed (exit {code}). The end of {log}:\n{tail(log)}\n{advice}")


def wait_or_end(process: subprocess.Popen[bytes]) -> int:
    """The exit code. When this process is interrupted meanwhile, the other one and its children are ended first."""
    try:
        return process.wait()
    except BaseException:
        end_tree(psutil.Process(process.pid))
        raise
