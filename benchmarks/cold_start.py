"""How long each function imports, against a bare handler: `boto3` and the three tools of Powertools.

Each import runs in a fresh interpreter that sees the function's code and layers and nothing else. As on Lambda nothing
is compiled before and nothing compiled is kept: the layers hold no bytecode, and `/opt` and `/var/task` cannot be
written. Processor time of the import statement, so that a busy machine changes little; each ratio is to the bare
handler of the same round.
"""

import os
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
    """Measures every handler `rounds` times; see `summary`."""
    with tempfile.TemporaryDirectory() as scratch:
        layers = _unpacked(Path(scratch))
        measured: dict[str, list[float]] = {"bare": []}
        _seconds(_BARE, [layers[Layer.DEPENDENCIES]])  # the files come from the disk once
        for number in range(rounds):
            console.print(f"round {number + 1} of {rounds}")
            measured["bare"].append(_seconds(_BARE, [layers[Layer.DEPENDENCIES]]))
            for name, size in SIZES.items():
                seconds = _seconds(f"import handlers.{name}", [layers[layer] for layer in size.layers])
                measured.setdefault(name, []).append(seconds)
    return summary(measured)


def summary(measured: dict[str, list[float]]) -> dict[str, Any]:
    """Medians over the rounds: milliseconds, and the ratio to `bare` of the same round; `above` names the functions
    that break the bound.
    """
    bare = measured["bare"]
    ratios = {
        name: statistics.median(seconds / base for seconds, base in zip(times, bare, strict=True))
        for name, times in measured.items()
    }
    return {
        "rounds": len(bare),
        "bound": BOUND,
        "milliseconds": {name: round(statistics.median(times) * 1000, 1) for name, times in measured.items()},
        "ratios": {name: round(ratio, 3) for name, ratio in ratios.items()},
        "above": sorted(name for name, ratio in ratios.items() if ratio > BOUND and name not in UNBOUND),
    }


def _unpacked(scratch: Path) -> dict[Layer, Path]:
    """The layers' `python/` folders for this machine, as Lambda unpacks them."""
    machine = "aarch64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"
    target = Target(f"{machine}-manylinux_2_28", f"{sys.version_info.major}.{sys.version_info.minor}")
    for layer in Layer:
        with zipfile.ZipFile(built_bundle(layer, target)) as bundle:
            bundle.extractall(scratch / layer)
    return {layer: scratch / layer / "python" for layer in Layer}


def _seconds(statement: str, layers: list[Path]) -> float:
    program = _PROGRAM.format(path=[str(FUNCTIONS), *map(str, layers)], statement=statement)
    # -I -S: no site-packages, no PYTHONPATH; -B: no bytecode is written. What lies beside our own sources is looked for
    # elsewhere.
    command = [sys.executable, "-I", "-S", "-B", "-X", f"pycache_prefix={layers[0]}/none", "-c", program]
    done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchmarkFailed(f"{statement} ended with exit code {done.returncode}:\n{done.stderr[-2_000:]}")
    return float(done.stdout)
