"""How long each function imports, against a bare handler: `boto3` and the three tools of Powertools, from wheels.

Each import runs in a fresh interpreter that sees the function's code and layers and nothing else. As on Lambda nothing
compiled is kept: `/opt` and `/var/task` cannot be written. A function's layers hold bytecode where a Python of the
runtime's version builds them; the bare handler's do not, since a wheel has none. Processor time of the import
statement, so that a busy machine changes little; each ratio is to the bare handler of the same round.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.environments import BenchmarkFailed
from infra.packaging.wheels import FUNCTIONS, Layer, Target, built_bundle
from infra.pipeline_functions import SIZES

ROUNDS = 5
BOUND = 1.6
UNBOUND = frozenset({"choose_student", "score_run", "write_report"})
"""They import SciPy or Plotly, and run once or a few times a run."""
BARE = "bare"
_BARE = "import boto3; from aws_lambda_powertools import Logger, Metrics, Tracer; Logger(); Metrics(); Tracer()"
_PROGRAM = (
    "import sys, time; sys.path += {path!r}; begun = time.process_time(); {statement}; "
    "print(time.process_time() - begun)"
)
# LAMBDA_TASK_ROOT makes Powertools load the X-Ray SDK, as on Lambda.
_ENVIRONMENT = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
    "LAMBDA_TASK_ROOT": str(FUNCTIONS),
}


def run(console: Console, rounds: int = ROUNDS) -> dict[str, Any]:
    """Measures every handler `rounds` times, with bytecode in its layers and without; see `summary`."""
    measured: dict[str, list[float]] = {}
    plain: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        # What Python compiled beside our sources does not go to Lambda.
        code = shutil.copytree(FUNCTIONS, Path(scratch) / "code", ignore=shutil.ignore_patterns("__pycache__"))
        compiled = _unpacked(Path(scratch) / "compiled", bytecode=True)
        sources = _unpacked(Path(scratch) / "sources", bytecode=False)
        for layers in (compiled, sources):
            _seconds(_BARE, [layers[Layer.DEPENDENCIES]])  # the files come from the disk once
        for number in range(rounds):
            console.print(f"round {number + 1} of {rounds}")
            for layers, times in ((compiled, measured), (sources, plain)):
                times.setdefault(BARE, []).append(_seconds(_BARE, [layers[Layer.DEPENDENCIES]]))
                for name, size in SIZES.items():
                    path = [code, *(layers[layer] for layer in size.layers)]
                    times.setdefault(name, []).append(_seconds(f"import handlers.{name}", path))
    return summary(measured, plain)


def summary(measured: dict[str, list[float]], plain: dict[str, list[float]]) -> dict[str, Any]:
    """Medians over the rounds: milliseconds, and the ratio to the bare handler from wheels of the same round. `plain`:
    without bytecode. `above` names the functions that break the bound.
    """
    ratios = _ratios(measured, plain[BARE])
    return {
        "rounds": len(plain[BARE]),
        "bound": BOUND,
        "unbound": sorted(UNBOUND),
        "milliseconds": _milliseconds(measured),
        "ratios": ratios,
        "plain": {"milliseconds": _milliseconds(plain), "ratios": _ratios(plain, plain[BARE])},
        "above": sorted(name for name, ratio in ratios.items() if ratio > BOUND and name not in UNBOUND),
    }


def _milliseconds(measured: dict[str, list[float]]) -> dict[str, float]:
    return {name: round(statistics.median(times) * 1000, 1) for name, times in measured.items()}


def _ratios(measured: dict[str, list[float]], bare: list[float]) -> dict[str, float]:
    return {
        name: round(statistics.median(seconds / base for seconds, base in zip(times, bare, strict=True)), 3)
        for name, times in measured.items()
    }


def _unpacked(folder: Path, bytecode: bool) -> dict[Layer, Path]:
    """The layers' `python/` folders for this machine, as Lambda unpacks them."""
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    target = Target(f"{machine}-manylinux_2_28", f"{sys.version_info.major}.{sys.version_info.minor}")
    for layer in Layer:
        with zipfile.ZipFile(built_bundle(layer, target)) as bundle:
            members = [name for name in bundle.namelist() if bytecode or not name.endswith(".pyc")]
            bundle.extractall(folder / layer, members)
    return {layer: folder / layer / "python" for layer in Layer}


def _seconds(statement: str, path: list[Path]) -> float:
    program = _PROGRAM.format(path=[str(folder) for folder in path], statement=statement)
    # -I -S: no site-packages, no PYTHONPATH; -B: no bytecode is written.
    command = [sys.executable, "-I", "-S", "-B", "-c", program]
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkFailed(f"{statement} ended with exit code {done.returncode}:\n{done.stderr[-2_000:]}")
    return float(done.stdout)
