"""What both benchmarks of teaching share: asking the embedded teacher in its own environment, and intervals."""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from benchmarks.environments import PROJECT, measure
from benchmarks.teaching.sentences import LABELS, SYSTEM_TEXT
from local.environments import ensure_environment

_KEPT = PROJECT / "build" / "benchmark-teacher"


class Interval(NamedTuple):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float

    def rounded(self, digits: int = 4) -> list[float]:
        """As results.json has it."""
        return [round(value, digits) for value in self]


def run_beside_the_models(script: str, asked: dict[str, Any]) -> Any:
    """Runs a module of this folder in the local Bedrock's environment, which is made first where it is not there: JSON
    in, JSON out.
    """
    python = ensure_environment("bedrock")
    with tempfile.TemporaryDirectory(prefix="nova-distill-benchmark-") as folder:
        source, target = Path(folder) / "in.json", Path(folder) / "out.json"
        source.write_text(json.dumps(asked), encoding="utf-8")
        measure(python, ["-m", f"benchmarks.teaching.{script}", str(source), str(target)], Path(folder), one_core=False)
        return json.loads(target.read_text(encoding="utf-8"))


def ask_teacher(sentences: Sequence[str], *, engine_draws: int, replies: int) -> list[dict[str, Any]]:
    """What `teacher_draws` gives for the sentences.

    The engine gives the same bits each time, so what it said is kept in `build/` for the next run.
    """
    asked = {
        "system": SYSTEM_TEXT,
        "options": LABELS,
        "sentences": list(sentences),
        "engineDraws": engine_draws,
        "replies": replies,
    }
    kept = _KEPT / f"teacher-{hashlib.sha256(json.dumps([asked, *teacher_sources()]).encode()).hexdigest()[:16]}.json"
    if not kept.exists():
        answered = run_beside_the_models("teacher_draws", asked)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(answered), encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def teacher_sources() -> list[str]:
    """What the answers depend on beside the question: the teacher's code, and the versions of engine and weights."""
    local = PROJECT / "local"
    sources = [
        *(local / "bedrock" / "models" / f"{name}.py" for name in ("engine", "teacher", "drawing")),
        *sorted(local.glob("requirements-bedrock*.txt")),
    ]
    return [path.read_text(encoding="utf-8") for path in sources]


def over_items(values: Sequence[float], resamples: int = 4_000) -> Interval:
    """The mean over items and its bootstrap percentile interval."""
    data = np.asarray(values)
    rng = np.random.default_rng(0)
    means = data[rng.integers(len(data), size=(resamples, len(data)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(data.mean()), float(low), float(high))


def over_seeds(values: Sequence[float]) -> Interval:
    """The mean over independent seeds and its t interval."""
    mean, error = float(np.mean(values)), float(stats.sem(values))
    reach = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)
