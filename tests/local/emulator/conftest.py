"""One emulator process for these tests. `EMULATOR_WITHOUT=all` (or a repair's name) starts it without repairs: then the tests say what stock MiniStack does otherwise."""

import os
from collections.abc import Iterator

import pytest

from local import lifecycle, processes
from local.environments import ensure_environment
from tests.local.emulator.aws import Aws


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Clients of an emulator with the project's repairs."""
    home, port = tmp_path_factory.mktemp("emulator"), processes.free_port()
    left_out = [part for name in os.environ.get("EMULATOR_WITHOUT", "").split(",") if name for part in ("--without-repair", name)]
    command = [str(ensure_environment("emulator")), "-m", "local.emulator", "--port", str(port), "--home", str(home), *left_out]
    processes.start(home, "emulator", command)
    try:
        processes.wait_until_healthy(home, "emulator", f"http://127.0.0.1:{port}/_ministack/health", None, 30)
        yield Aws(f"http://127.0.0.1:{port}")
    finally:
        lifecycle.down(home)
