"""Background processes of the local AWS: each in its own session, with a pid file and a log, stopped by pid only after
a look that it still is ours.
"""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx
import psutil

from local.errors import LocalAwsError
from local.paths import PROJECT

STOP_SECONDS = 5.0


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def require_free(port: int) -> None:
    """A `LocalAwsError` where somebody listens on the port: its health check would answer for a process that could not
    start.
    """
    with socket.socket() as probe:
        # As servers do, so that a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise LocalAwsError(
                f"Port {port} is already in use. Choose another one with --port, or leave --port out."
            ) from None


def log_file(home: Path, name: str) -> Path:
    """Where the process writes what it says."""
    return home / f"{name}.log"


def _pid_file(home: Path, name: str) -> Path:
    return home / f"{name}.pid"


def start(home: Path, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    """Start `command` in the project root, detached from the terminal; returns its pid.

    `command` must name the module `local.<name>` and `home`: `find` looks for both.
    """
    with log_file(home, name).open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _pid_file(home, name).write_text(f"{process.pid}\n", encoding="utf-8")
    return process.pid


def find(home: Path, name: str) -> psutil.Process | None:
    """The running process of this instance, or None.

    A pid that now belongs to another program (after a crash or a reboot) counts as None.
    """
    try:
        process = psutil.Process(int(_pid_file(home, name).read_text(encoding="utf-8")))
        command = _command(process)
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return process if f"local.{name}" in command and str(home) in command and _lives(process) else None


def _command(process: psutil.Process) -> list[str]:
    """The words that it was started with. The kernel shows none for a moment after a start."""
    for _ in range(20):
        if (words := process.cmdline()) or not _lives(process):
            return words
        time.sleep(0.01)
    return []


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
    _signal(_still_alive(processes), psutil.Process.kill)
    _still_alive(processes)


def _still_alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that live on after five seconds; returns at once when there are none."""
    deadline = time.monotonic() + STOP_SECONDS
    while (alive := [process for process in processes if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive


def _lives(process: psutil.Process) -> bool:
    # A grandchild that has ended stays as a zombie where the machine's first process does not collect it, as in many
    # containers.
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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
    """Return when `url` answers 200; a `LocalAwsError` with the log's end when the process dies or does not answer
    within `seconds`.
    """
    deadline, log = time.monotonic() + seconds, log_file(home, name)
    while not answers(url, ca_bundle):
        if find(home, name) is None:
            raise LocalAwsError(f"The {name} process ended while it started. The end of {log}:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise LocalAwsError(
                f"The {name} process did not answer {url} within {seconds:.0f} s. The end of {log}:\n{tail(log)}"
            )
        time.sleep(0.05)


def answers(url: str, ca_bundle: Path | None) -> bool:
    """Whether `url` answers 200 within two seconds."""
    try:
        # No proxy of the user's shell stands between two processes of this machine.
        reply = httpx.get(url, timeout=2, trust_env=False, verify=ssl.create_default_context(cafile=ca_bundle))
        return reply.status_code == httpx.codes.OK
    except (OSError, httpx.TransportError):  # not listening yet, or the certificate is not written yet
        return False


def tail(path: Path, lines: int = 25) -> str:
    """The last lines of a log."""
    if not path.exists():
        return "(no log)"
    return os.linesep.join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
