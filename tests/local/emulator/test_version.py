"""The repairs refuse a MiniStack that they were not written for."""

import subprocess

from local.environments import ensure_environment
from local.paths import PROJECT

PRETEND = (
    "import importlib.metadata as metadata; metadata.version = lambda name: '9.9.9'; from local.emulator.repairs "
    "import apply; apply(set())"
)


def test_another_version_is_refused_with_what_to_do() -> None:
    ended = subprocess.run(
        [str(ensure_environment("emulator")), "-c", PRETEND], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "written for ministack 1.5.33, this is 9.9.9" in ended.stderr
