"""The interpreters of the benchmarks: the peers' own environment, made by uv from its hashed lock, and the local
Bedrock's.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from local.environments import renew
from local.errors import LocalAwsError

PROJECT = Path(__file__).resolve().parent.parent
PEERS = PROJECT / "build" / "benchmark-venv"
_LOCK = PROJECT / "benchmarks" / "requirements-peers.txt"
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS"), "1"
)
_QUIET = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}


class BenchmarkFailed(Exception):
    """A part could not be measured, or what it measured is wrong. The message says what happened and what to do."""


def peers_python() -> Path:
    """The interpreter of the peers' environment, which is made or renewed where its lock has changed."""
    python = PEERS / "bin" / "python"
    try:
        renew(python, [_LOCK])
    except LocalAwsError as failure:
        raise BenchmarkFailed(str(failure)) from failure
    return python


def measure(python: Path, arguments: Sequence[str], scratch: Path, *, one_core: bool = True) -> bytes:
    """Runs a script to its end and gives the last line that it prints (JSON), empty where it prints nothing.

    With `one_core` it and its children are bound to one core and one thread.

    Raises:
        BenchmarkFailed: it ended with an error; the end of what it said is in the message.
    """
    # Only our own interpreter finds our own packages.
    path = (
        {"PYTHONPATH": f"{PROJECT / 'functions'}:{PROJECT}"} if python == Path(sys.executable) else {"PYTHONPATH": ""}
    )
    environment = {
        **os.environ,
        **path,
        **_QUIET,
        **(_ONE_THREAD if one_core else {}),
        "HF_HOME": str(scratch / "huggingface"),
    }
    bind = _one_core if one_core and hasattr(os, "sched_setaffinity") else None
    done = subprocess.run(
        [str(python), *arguments], cwd=PROJECT, env=environment, capture_output=True, check=False, preexec_fn=bind
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")[-2_000:]
        raise BenchmarkFailed(f"{' '.join(arguments)[:200]} ended with exit code {done.returncode}:\n{said}")
    return b"".join(done.stdout.strip().splitlines()[-1:])


def packages(python: Path, names: Sequence[str]) -> dict[str, str]:
    """The versions of installed packages."""
    code = (
        f"import json; from importlib.metadata import version; print(json.dumps({{n: version(n) for n in "
        f"{list(names)!r}}}))"
    )
    return msgspec.json.decode(measure(python, ["-c", code], PROJECT / "build"), type=dict[str, str])


def _one_core() -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
