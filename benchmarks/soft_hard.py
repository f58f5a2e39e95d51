"""Soft against hard targets: the embedded student trained on what k samples of the local teacher give, from the same
prompts, and for the same number of calls.

`python -m benchmarks.soft_hard [--prompts N] [--calls N] [--seeds N]`. Each seed draws its own prompts and samples out
of a pool of 1,500 sentences; 700 others are held out. Accuracy is against the gold labels, agreement with the teacher's
greedy answers, divergence to its distribution. Intervals over seeds. The biased teacher is the same one without its
calibration.
"""

from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.tables import soft_hard_tables
from benchmarks.teaching.asking import ask_teacher, over_seeds, run_beside_the_models
from benchmarks.teaching.sentences import sentences

PROMPTS, CALLS, SEEDS = 200, 1_000, 20
POOL, HELD_OUT = 1_500, 700
METRICS = ("accuracy", "accuracy_with_offset", "agreement", "kl", "js")


def run(console: Console, prompts: int = PROMPTS, calls: int = CALLS, seeds: int = SEEDS) -> dict[str, Any]:
    """Everything; gives the part `soft_hard` of results.json."""
    asked = sentences()[: POOL + HELD_OUT]
    texts = [text for text, _ in asked]
    with console.status(f"the teacher's distribution over {len(asked)} sentences"):
        answered = ask_teacher(texts, engine_draws=0, replies=0)
    task = {
        "texts": texts,
        "gold": [gold for _, gold in asked],
        "teacher": [answer["teacher"]["positive"] for answer in answered],
        "biased": [answer["engine"]["positive"] for answer in answered],
        "heldOut": HELD_OUT,
        "prompts": prompts,
        "calls": calls,
        "seeds": seeds,
    }
    with console.status(f"students over {seeds} seeds"):
        return {
            "prompts": prompts,
            "calls": calls,
            "seeds": seeds,
            "held_out": HELD_OUT,
            **summary(run_beside_the_models("student_runs", task)),
        }


def summary(measured: dict[str, Any]) -> dict[str, Any]:
    """The tables' numbers from the students' figures: a row's metrics as [mean, low, high] over the seeds; its mean
    lines and calls.
    """
    parts: dict[str, Any] = {"same_prompts": {}, "same_calls": {}, "same_biased": {}}
    parts.update(
        {
            teacher: {name: round(value, 4) for name, value in measured[teacher].items()}
            for teacher in ("teacher", "biased")
        }
    )
    for key, found in measured["rows"].items():
        part, _, row = key.partition("|")
        parts[f"same_{part}"][row] = {
            "lines": round(sum(found["lines"]) / len(found["lines"])),
            **{m: over_seeds(found[m]).rounded() for m in METRICS},
        }
    return {**parts, "paired": paired(measured["rows"])}


def paired(rows: dict[str, Any]) -> dict[str, Any]:
    """Differences to the default within each seed, from the same prompts: narrower than the rows' own intervals."""
    default = "prompts|vote of greedy + 4 (default)"
    others = [key for key in rows if key.startswith("prompts|") and key != default]
    return {
        key.removeprefix("prompts|"): {
            m: over_seeds([a - b for a, b in zip(rows[key][m], rows[default][m], strict=True)]).rounded()
            for m in METRICS
        }
        for key in others
    }


def main(
    prompts: Annotated[int, typer.Option(help="Prompts in the first comparison.")] = PROMPTS,
    calls: Annotated[int, typer.Option(help="Calls of the teacher in the second.")] = CALLS,
    seeds: Annotated[int, typer.Option(help="Independent repetitions.")] = SEEDS,
) -> None:
    """Measures soft against hard targets and prints the tables."""
    console = Console()
    for table in soft_hard_tables(run(console, prompts, calls, seeds)):
        console.print(table.rich())


if __name__ == "__main__":
    typer.run(main)
