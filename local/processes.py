"""Background processes of the local AWS: each in its own session, with a pid file and a log, and stopped by pid only after a look that the pid still is ours."""

import os
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from local.errors import LocalAwsError
from local.paths import PROJECT

STOP_SECONDS = 5.0


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def log_file(home: Path, name: str) -> Path:
    """Where the process writes what it says."""
    return home / f"{name}.log"


def _pid_file(home: Path, name: str) -> Path:
    return home / f"{name}.pid"


def start(home: Path, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Start `command` in the project root, detached from the terminal; returns its pid. `command` must name the module `local.<name>` and `home`: `find` looks for both."""
    with log_file(home, name).open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    _pid_file(home, name).write_text(f"{process.pid}\n", encoding="utf-8")
    return process.pid


def find(home: Path, name: str) -> psutil.Process | None:
    """The running process of this instance, or None. A pid that now belongs to another program (after a crash or a reboot) counts as None."""
    try:
        process = psutil.Process(int(_pid_file(home, name).read_text(encoding="utf-8")))
        command = process.cmdline()
        dead = process.status() == psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if f"local.{name}" in command and str(home) in command and not dead else None


def stop(home: Path, name: str) -> bool:
    """Stop the process and what it started: SIGTERM, five seconds, SIGKILL. True where there was one."""
    process = find(home, name)
    if process:
        end_tree(process)
    _pid_file(home, name).unlink(missing_ok=True)
    return process is not None


def end_tree(process: psutil.Process) -> None:
    """End a process and its children: SIGTERM, five seconds, SIGKILL."""
    processes = [process, *_children(process)]
    _signal(processes, psutil.Process.terminate)
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    _signal(alive, psutil.Process.kill)
    psutil.wait_procs(alive, timeout=STOP_SECONDS)


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _signal(processes: list[psutil.Process], send: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        try:
            send(process)
        except psutil.NoSuchProcess:
            continue


def wait_until_healthy(home: Path, name: str, url: str, ca_bundle: Path | None, seconds: float) -> None:
    """Return when `url` answers 200; a `LocalAwsError` with the log's end when the process dies or does not answer within `seconds`."""
    deadline = time.monotonic() + seconds
    while not _answers(url, ca_bundle):
        if find(home, name) is None:
            raise LocalAwsError(f"The {name} process ended while it started. The end of {log_file(home, name)}:\n{tail(log_file(home, name))}")
        if time.monotonic() > deadline:
            raise LocalAwsError(f"The {name} process did not answer {url} within {seconds:.0f} s. The end of {log_file(home, name)}:\n{tail(log_file(home, name))}")
        time.sleep(0.05)


def _answers(url: str, ca_bundle: Path | None) -> bool:
    try:
        context = ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
        with urllib.request.urlopen(url, timeout=2, context=context) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    if not path.exists():
        return "(no log)"
    return os.linesep.join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
