"""How fast the estimate of the teacher's distribution converges in the number of samples, against the truth: the local
teacher has log-probabilities.

`python -m benchmarks.convergence [--sentences N]`. Total variation and cross-entropy of the k-sample estimate
(`distributions.shares`), mean over the sentences, with bootstrap intervals over them. Beside each stands what
exact binomial sums expect of independent draws from the known distribution. Sixteen draws make sixteen estimates at k =
1, eight at k = 2, ..., which are averaged within a sentence.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from scipy import stats

from benchmarks.tables import convergence_tables
from benchmarks.teaching.asking import ask_teacher, over_items
from benchmarks.teaching.distributions import cross_entropy, entropy_miller_madow, shares, total_variation
from benchmarks.teaching.sentences import LABELS, sentences
from distillation.inference.samples import entropy

SENTENCES, DRAWS = 400, 16
SIZES = (1, 2, 4, 8, 16)
_SOURCES = {"engine": "engineDraws", "teacher": "replies"}

Measure = Callable[[Mapping[Any, float], Sequence[str]], float]


def distance(truth: Mapping[Any, float], drawn: Sequence[str]) -> float:
    """Total variation between the truth and the shares of the draws, 0 to 1."""
    return total_variation(truth, shares(drawn))


def loss(truth: Mapping[Any, float], drawn: Sequence[str]) -> float:
    """Cross-entropy in nats of the estimate with half a count more for each label (Krichevsky & Trofimov 1981): a share
    of 0 would make it infinite.
    """
    smoothed = {label: (drawn.count(label) + 0.5) / (len(drawn) + 0.5 * len(truth)) for label in truth}
    return cross_entropy(truth, smoothed)


def plug_in_entropy(truth: Mapping[Any, float], drawn: Sequence[str]) -> float:
    """The estimate of the entropy that the reports show, here in nats as the losses are."""
    return math.log(2) * entropy(drawn.count(label) for label in truth)


def corrected_entropy(truth: Mapping[Any, float], drawn: Sequence[str]) -> float:
    """The same with Miller's correction of its bias."""
    return math.log(2) * entropy_miller_madow(drawn.count(label) for label in truth)


MEASURES: dict[str, Measure] = {
    "total_variation": distance,
    "cross_entropy": loss,
    "entropy": plug_in_entropy,
    "entropy_miller_madow": corrected_entropy,
}


def observed(measure: Measure, truth: Mapping[Any, float], drawn: Sequence[str], k: int) -> float:
    """The mean of a measure over the draws, taken k at a time."""
    blocks = [drawn[start : start + k] for start in range(0, len(drawn) - k + 1, k)]
    return sum(measure(truth, block) for block in blocks) / len(blocks)


def expected(measure: Measure, truth: Mapping[Any, float], k: int) -> float:
    """The expectation of a measure over k independent draws from a distribution over two labels."""
    first, second = truth
    chances = stats.binom.pmf(range(k + 1), k, truth[first])
    return float(sum(chance * measure(truth, [first] * n + [second] * (k - n)) for n, chance in enumerate(chances)))


def run(console: Console, count: int = SENTENCES) -> dict[str, Any]:
    """Everything; gives the part `convergence` of results.json."""
    with console.status(f"the teacher answers {count} sentences, {DRAWS} samples each, by two samplers"):
        answered = ask_teacher([text for text, _ in sentences()[:count]], engine_draws=DRAWS, replies=DRAWS)
    return summary(answered)


def summary(answered: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The table's numbers from the teacher's answers: by source, by k, each measure as [mean, low, high] and
    `expected`.
    """
    parts: dict[str, Any] = {"sentences": len(answered), "draws": DRAWS, "labels": list(LABELS)}
    for source, draws in _SOURCES.items():
        truths = [answer[source] for answer in answered]
        exact = sum(-p * math.log(p) for truth in truths for p in truth.values() if p > 0) / len(truths)
        parts[source] = {
            "entropy_exact": round(exact, 4),
            "by_k": [_row(truths, [answer[draws] for answer in answered], k) for k in SIZES],
        }
    return parts


def _row(truths: Sequence[Mapping[str, float]], drawn: Sequence[Sequence[str]], k: int) -> dict[str, Any]:
    row: dict[str, Any] = {"k": k}
    for name, measure in MEASURES.items():
        found = over_items([observed(measure, truth, draws, k) for truth, draws in zip(truths, drawn, strict=True)])
        row[name] = found.rounded()
        row[f"{name}_expected"] = round(sum(expected(measure, truth, k) for truth in truths) / len(truths), 4)
    return row


def main(
    count: Annotated[int, typer.Option("--sentences", help="Sentences that the teacher is asked about.")] = SENTENCES,
) -> None:
    """Measures convergence and prints its tables."""
    console = Console()
    for table in convergence_tables(run(console, count)):
        console.print(table.rich())


if __name__ == "__main__":
    typer.run(main)
