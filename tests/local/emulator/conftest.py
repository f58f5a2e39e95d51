"""The emulator process of these tests.

`EMULATOR_WITHOUT=all` (or the name of a repair) starts it without repairs: then the tests say what stock MiniStack does
otherwise.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import lifecycle, processes
from local.environments import ensure_environment
from tests.local.emulator.aws import Aws


@contextmanager
def _emulator(home: Path, *options: str) -> Iterator[str]:
    """An emulator process in `home`; yields its port."""
    port = str(processes.free_port())
    left_out = [
        part
        for name in os.environ.get("EMULATOR_WITHOUT", "").split(",")
        if name
        for part in ("--without-repair", name)
    ]
    command = [
        str(ensure_environment("emulator")),
        "-m",
        "local.emulator",
        "--port",
        port,
        "--home",
        str(home),
        *options,
        *left_out,
    ]
    processes.start(home, "emulator", command)
    try:
        yield port
    finally:
        lifecycle.down(home)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Clients of an emulator with the project's repairs."""
    home = tmp_path_factory.mktemp("emulator")
    with _emulator(home) as port:
        url = f"http://127.0.0.1:{port}"
        processes.wait_until_healthy(home, "emulator", f"{url}/_ministack/health", None, 30)
        yield Aws(url, home)


@pytest.fixture(scope="session")
def strict_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Clients of an emulator in TLS mode: HTTPS, and roles that are enforced."""
    home = tmp_path_factory.mktemp("strict")
    with _emulator(home, "--tls") as port:
        url, ca_bundle = f"https://127.0.0.1:{port}", home / "tls" / "ca.pem"
        processes.wait_until_healthy(home, "emulator", f"{url}/_ministack/health", ca_bundle, 30)
        yield Aws(url, home, verify=str(ca_bundle))
