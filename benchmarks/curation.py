"""How fast replies become a dataset: the project's path against distilabel, datatrove, json + datasketch, and the
floor, on one core, in one run.

`python -m benchmarks.curation [--prompts N] [--rounds N]`. The contestants take turns, each in its own process, over
the same files; a ratio is the median over the rounds, each ratio within its round. Counts have to equal the planted
ones exactly. Peak memory is that of the child process.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.environments import PROJECT, BenchmarkFailed, measure, packages, peers_python
from benchmarks.replies.reply_records import Planted, reply_files, write_run
from benchmarks.tables import curation_tables

PROMPTS, MANY_PROMPTS, ROUNDS = 25_000, 250_000, 5
OURS, FLOOR = "nova_distill", "floor"
PEERS = ("json_datasketch", "distilabel", "datatrove")
_SCRIPTS = {
    "json_datasketch": "json_datasketch.py",
    "distilabel": "distilabel_minhash.py",
    "datatrove": "datatrove_minhash.py",
}
_PEER_PACKAGES = ("distilabel", "datatrove", "datasketch", "orjson", "msgspec")


class Timing(msgspec.Struct):
    """What a contestant prints: seconds of work (imports not counted), records read, prompts kept."""

    seconds: float
    records: int
    kept: int
    by_state: dict[str, float] = {}
    counts: dict[str, int] = {}
    peak_rss_mb: float = 0.0

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / self.seconds


class Spread(NamedTuple):
    """The median of some rounds, with the lowest and the highest."""

    median: float
    lowest: float
    highest: float


def spread(values: list[float]) -> Spread:
    """Median, lowest, highest."""
    return Spread(statistics.median(values), min(values), max(values))


def expected_counts(planted: Planted) -> dict[str, int]:
    """What the path has to report of the planted records."""
    return {
        "answers": planted.records - planted.errors - planted.truncated,
        "reply:bedrock_error": planted.errors,
        "reply:truncated": planted.truncated,
        "prompt:reserved_word_in_answer": planted.reserved,
        "nearDuplicates": planted.near_duplicates,
        "kept": planted.prompts - planted.reserved - planted.near_duplicates,
    }


def found_counts(counts: dict[str, int]) -> dict[str, int]:
    """The same of what was counted in the files that the path wrote; any other reason stands beside them, so that it
    shows.
    """
    near = ("prompt:near_duplicate", "prompt:near_duplicate_of_holdout")
    # What is over the 20,000 lines of a job has passed everything that is planted.
    sides = ("train", "validation", "holdout", "prompt:not_selected")
    found = {key: n for key, n in counts.items() if key not in (*near, *sides)}
    return {
        **found,
        "nearDuplicates": sum(counts.get(key, 0) for key in near),
        "kept": sum(counts.get(key, 0) for key in sides),
    }


def check(planted: Planted, counts: dict[str, int]) -> None:
    """Raises BenchmarkFailed where a count is not the planted one."""
    wanted, found = expected_counts(planted), found_counts(counts)
    if wanted != found:
        wrong = {
            key: (wanted.get(key, 0), found.get(key, 0))
            for key in {*wanted, *found}
            if wanted.get(key, 0) != found.get(key, 0)
        }
        raise BenchmarkFailed(f"counts differ from what was planted (planted, found): {wrong}")


def run(
    console: Console, prompts: int = PROMPTS, many_prompts: int = MANY_PROMPTS, rounds: int = ROUNDS
) -> dict[str, Any]:
    """Everything; gives the part `curation` of results.json."""
    with (
        tempfile.TemporaryDirectory(prefix="nova-distill-benchmark-") as folder,
        Progress(console=console, transient=True) as progress,
    ):
        root, steps = Path(folder), progress.add_task("the peers' environment", total=rounds * (len(PEERS) + 2) + 4)
        python = peers_python()
        progress.update(steps, advance=1, description=f"{prompts * 4:,} records")
        planted = write_run(root / "run", prompts)
        library = _fastest_library(python, root)
        progress.update(steps, advance=1)
        timings: dict[str, list[Timing]] = {}
        for number in range(rounds):
            for name, timing in _round(python, root, library):
                timings.setdefault(name, []).append(timing)
                progress.update(
                    steps, advance=1, description=f"round {number + 1} of {rounds}: {name} {timing.rate:,.0f} records/s"
                )
        for timing in timings[OURS]:
            check(planted, timing.counts)
        progress.update(steps, description=f"memory at {many_prompts * 4:,} records: generating")
        many = _many(
            root,
            many_prompts,
            lambda: progress.update(steps, advance=1, description=f"memory at {many_prompts * 4:,} records"),
        )
        return {
            **_summary(timings, planted, many),
            "floor_library": library,
            "versions": packages(python, _PEER_PACKAGES),
        }


def _fastest_library(python: Path, root: Path) -> str:
    return min(("msgspec", "orjson"), key=lambda library: min(_floor(python, root, library).seconds for _ in range(3)))


def _floor(python: Path, root: Path, library: str) -> Timing:
    files = map(str, reply_files(root / "run"))
    return _timing(measure(python, [str(PROJECT / "benchmarks" / "peers" / "floor.py"), library, *files], root))


def _round(python: Path, root: Path, library: str) -> Iterator[tuple[str, Timing]]:
    yield FLOOR, _floor(python, root, library)
    yield OURS, _ours(root, root / "run")
    files = list(map(str, reply_files(root / "run")))
    for name in PEERS:
        with tempfile.TemporaryDirectory(dir=root) as output:
            yield (
                name,
                _timing(
                    measure(python, [str(PROJECT / "benchmarks" / "peers" / _SCRIPTS[name]), output, *files], root)
                ),
            )


def _ours(root: Path, run_folder: Path) -> Timing:
    return _timing(measure(Path(sys.executable), ["-m", "benchmarks.replies.curation_ours", str(run_folder)], root))


def _many(root: Path, prompts: int, generated: Any) -> Timing | None:
    """The memory of ours at many records; generated on disk, removed with the folder."""
    if not prompts:
        return None
    with tempfile.TemporaryDirectory(dir=root) as folder:
        planted = write_run(Path(folder), prompts)
        generated()
        timing = _ours(root, Path(folder))
    check(planted, timing.counts)
    return timing


def _timing(line: bytes) -> Timing:
    return msgspec.json.decode(line, type=Timing)


def _summary(timings: dict[str, list[Timing]], planted: Planted, many: Timing | None) -> dict[str, Any]:
    ratios = {
        name: spread([ours.rate / other.rate for ours, other in zip(timings[OURS], timings[name], strict=True)])
        for name in (FLOOR, *PEERS)
    }
    ours = timings[OURS]
    return {
        **{f"vs_{name}": round(ratio.median, 3) for name, ratio in ratios.items()},
        "ratio_ranges": {name: [round(ratio.lowest, 3), round(ratio.highest, 3)] for name, ratio in ratios.items()},
        "records_per_second": {
            name: round(statistics.median(t.rate for t in rounds)) for name, rounds in timings.items()
        },
        "seconds_by_state": {
            state: round(statistics.median(t.by_state[state] for t in ours), 3) for state in ours[0].by_state
        },
        "prompts_kept": {name: rounds[0].kept for name, rounds in timings.items() if name != FLOOR},
        "rounds": len(ours),
        "peak_rss_mb_100k": max(t.peak_rss_mb for t in ours),
        "peak_rss_mb_1m": many and many.peak_rss_mb,
        "seconds_1m": many and round(many.seconds, 1),
        "records": planted.records,
        "records_1m": many and many.records,
        "counts": {"planted": expected_counts(planted), "found": found_counts(ours[0].counts)},
    }


def main(
    prompts: Annotated[int, typer.Option(help="Prompts, four records each.")] = PROMPTS,
    many_prompts: Annotated[int, typer.Option(help="Prompts of the memory run; 0 leaves it out.")] = MANY_PROMPTS,
    rounds: Annotated[int, typer.Option(help="Rounds; ratios are medians over them.")] = ROUNDS,
) -> None:
    """Measures curation and prints its table."""
    console = Console()
    for table in curation_tables(run(console, prompts, many_prompts, rounds)):
        console.print(table.rich())


if __name__ == "__main__":
    typer.run(main)
