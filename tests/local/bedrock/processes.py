"""The emulator and the local Bedrock as processes of their own interpreters."""

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.environments import ensure_environment

ROOT = Path(__file__).parents[3]


def interpreter(name: str) -> str:
    """The Python of the `emulator` or the `bedrock` environment, which is made where it is missing;
    NOVA_LOCAL_<NAME>_PYTHON names another.
    """
    return os.environ.get(f"NOVA_LOCAL_{name.upper()}_PYTHON") or str(ensure_environment(name))


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], health: str, log: Path, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A process that answers at `health`; stopped at the end."""
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
    try:
        _await_health(process, health, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _await_health(process: "subprocess.Popen[bytes]", health: str, log: Path) -> None:
    for _ in range(300):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(health, timeout=2):  # noqa: S310 - our own
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{health} does not answer: {log.read_text()}")


@contextmanager
def running_bedrock(emulator_url: str, home: Path, environment: dict[str, str] | None = None) -> Iterator[str]:
    """A local Bedrock with short states; yields its URL."""
    port = free_port()
    command = [
        interpreter("bedrock"),
        "-m",
        "local.bedrock",
        "--port",
        str(port),
        "--emulator-url",
        emulator_url,
        "--home",
        str(home),
        "--state-seconds",
        "0.05",
    ]
    with running(command, f"http://127.0.0.1:{port}/_local/health", home / f"bedrock-{port}.log", environment):
        yield f"http://127.0.0.1:{port}"
