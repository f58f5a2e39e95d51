"""The tables of all parts, for the terminal and for results.md."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.table import Table as RichTable

_MEASURES = {
    "total_variation": "total variation",
    "cross_entropy": "cross-entropy",
    "entropy": "entropy",
    "entropy_miller_madow": "entropy, corrected",
}
_METRICS = ("accuracy", "accuracy_with_offset", "agreement", "kl", "js")
_NAMES = {
    "floor": "floor",
    "nova_distill": "Nova Distill",
    "json_datasketch": "json + datasketch",
    "distilabel": "distilabel",
    "datatrove": "datatrove",
}


class Table(NamedTuple):
    """A table with its title and a note below; the first column holds names, the others numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def rich(self) -> RichTable:
        """For the terminal."""
        table = RichTable(
            title=self.title,
            caption=self.note or None,
            title_justify="left",
            caption_justify="left",
            title_style="bold",
            caption_style="",
        )
        for number, column in enumerate(self.columns):
            table.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table

    def markdown(self) -> str:
        """For results.md."""
        head = f"| {' | '.join(self.columns)} |\n|---|{'---:|' * (len(self.columns) - 1)}"
        body = "\n".join(f"| {' | '.join(row)} |" for row in self.rows)
        return "\n\n".join(filter(None, (f"**{self.title}**", f"{head}\n{body}", self.note)))


def curation_tables(part: dict[str, Any]) -> list[Table]:
    """Speed, memory and counts."""
    versions = part["versions"]
    notes = {name: f"{name} {versions[name]}" for name in ("distilabel", "datatrove")}
    notes["floor"] = f"floor: decode and encode, {part['floor_library']} {versions[part['floor_library']]}"
    rows = []
    for name, rate in part["records_per_second"].items():
        ratio, low_high = part.get(f"vs_{name}"), part["ratio_ranges"].get(name)
        times = f"{ratio:.2f}x ({low_high[0]:.2f} to {low_high[1]:.2f})" if low_high else ""
        rows.append([notes.get(name, _NAMES[name]), f"{rate:,}", times, str(part["prompts_kept"].get(name, ""))])
    speed = Table(
        f"Replies to dataset, {part['records']:,} records of about 1.3 KB, one core, {part['rounds']} rounds in turn",
        ("contestant", "records/s", "Nova Distill is", "prompts kept"),
        rows,
        "Ratios are medians of the rounds, with the lowest and the highest. The peers parse, drop failed and cut "
        "replies, and look for near duplicates in "
        "one row a prompt; Nova Distill also filters answers, votes, splits, decontaminates and accounts for every "
        "record.",
    )
    return [speed, _states(part), _memory(part), _counts(part)]


def _states(part: dict[str, Any]) -> Table:
    rows = [
        [state, f"{seconds:.2f}", f"{seconds / part['records'] * 1e6:.1f}"]
        for state, seconds in part["seconds_by_state"].items()
    ]
    return Table("Where Nova Distill's time goes", ("state", "seconds", "microseconds a record"), rows)


def _memory(part: dict[str, Any]) -> Table:
    rows = [[f"{part['records']:,}", f"{part['peak_rss_mb_100k']:,.0f}", ""]]
    if part["peak_rss_mb_1m"]:
        rows.append([f"{part['records_1m']:,}", f"{part['peak_rss_mb_1m']:,.0f}", f"{part['seconds_1m']:.1f}"])
    return Table("Peak memory of Nova Distill, all states in one process", ("records", "peak RSS, MB", "seconds"), rows)


def _counts(part: dict[str, Any]) -> Table:
    planted, found = part["counts"]["planted"], part["counts"]["found"]
    return Table(
        "Counts",
        ("what", "planted", "found"),
        [[name, f"{n:,}", f"{found.get(name, 0):,}"] for name, n in planted.items()],
    )


def convergence_tables(part: dict[str, Any]) -> list[Table]:
    """One table a source of samples."""
    titles = {
        "engine": "llama.cpp's own sampler against its log-probabilities",
        "teacher": "replies of the local Bedrock against its calibrated distribution",
    }
    columns = ["k", *(cell for name in _MEASURES.values() for cell in (name, "expected"))]
    tables = []
    for source, title in titles.items():
        note = (
            f"{part['sentences']} sentences; true entropy {part[source]['entropy_exact']:.3f} nats, the least "
            "cross-entropy there can be. Expected: exact sums."
        )
        tables.append(
            Table(f"Estimate from k samples: {title}", columns, [_converged(row) for row in part[source]["by_k"]], note)
        )
    return tables


def _converged(row: dict[str, Any]) -> list[str]:
    return [
        str(row["k"]),
        *(cell for name in _MEASURES for cell in (_interval(row[name]), f"{row[f'{name}_expected']:.3f}")),
    ]


def soft_hard_tables(part: dict[str, Any]) -> list[Table]:
    """Same prompts, same prompts as differences to the default, same calls, and the teacher itself."""
    columns = ("training target", "lines", "accuracy", "with offset", "agreement", "KL, nats", "JS, nats")
    return [
        Table(
            f"Students from the same {part['prompts']} prompts, {part['seeds']} seeds",
            columns,
            _students(part["same_prompts"]),
            _of_teacher(part["teacher"]),
        ),
        Table(
            "The same, less the default within each seed",
            (columns[0], *columns[2:]),
            [[name, *_differences(row)] for name, row in part["paired"].items()],
        ),
        Table(
            f"Students from the same {part['calls']} calls, {part['seeds']} seeds",
            columns,
            _students(part["same_calls"]),
        ),
        Table(
            "Students of the same teacher without its calibration, same prompts",
            columns,
            _students(part["same_biased"]),
            _of_teacher(part["biased"]),
        ),
    ]


def _of_teacher(teacher: dict[str, float]) -> str:
    return (
        f"The teacher: accuracy {teacher['accuracy']:.3f}, with its offset {teacher['accuracy_with_offset']:.3f}, of "
        "one sample at temperature 1 "
        f"{teacher['accuracy_of_a_sample']:.3f}; it says positive for {teacher['says_positive']:.0%}, gold for "
        f"{teacher['gold_positive']:.0%}."
    )


def _students(rows: dict[str, Any]) -> list[list[str]]:
    return [[name, f"{row['lines']:,}", *(_interval(row[metric]) for metric in _METRICS)] for name, row in rows.items()]


def _differences(row: dict[str, Any]) -> list[str]:
    return [f"{row[m][0]:+.3f} ±{(row[m][2] - row[m][1]) / 2:.3f}" for m in _METRICS]


def _interval(values: Sequence[float]) -> str:
    """A mean and half the width of its interval."""
    return f"{values[0]:.3f} ±{(values[2] - values[1]) / 2:.3f}"


def _import(of: dict[str, Any], name: str) -> tuple[str, str]:
    return f"{of['milliseconds'][name]:.0f}", f"{of['ratios'][name]:.2f}"


def cold_start_tables(part: dict[str, Any]) -> list[Table]:
    """One row a function, the slowest first."""
    plain = part["plain"]
    rows = [
        [name, *(cell for of in (part, plain) for cell in _import(of, name))]
        for name in sorted(part["ratios"], key=lambda name: -part["ratios"][name])
    ]
    above = f"Above {part['bound']}: {', '.join(part['above'])}." if part["above"] else f"None above {part['bound']}."
    note = (
        f"Processor time, medians of {part['rounds']} rounds. Ratios are to a bare handler from wheels, which hold no "
        "bytecode; Lambda keeps none. Our layers hold it where a Python of the runtime's version is at hand when they "
        f"are built; the last two columns are without. {above} The bound is not for {', '.join(part['unbound'])}."
    )
    columns = ("handler", "ms", "ratio", "ms, no bytecode", "ratio, no bytecode")
    return [Table("Import of each function against boto3 and Powertools alone", columns, rows, note)]


def gate_tables(part: dict[str, Any]) -> list[Table]:
    """Promotions in each world, and the coverage of intervals; what the rule before gave stands beside it."""
    rows = [
        [name, _share(row), _bound(row), "yes" if row["holds"] else "NO", _before(row), str(row["repeats"])]
        for name, row in part["worlds"].items()
    ]
    coverage = [[name, _share(row), _before(row), str(row["repeats"])] for name, row in part["coverage"].items()]
    note = "Exact 95 % intervals. A world breaks its bound only where chance does not explain it."
    return [
        Table("Promotions by the whole rule", ("world", "promoted", "bound", "holds", "before", "repeats"), rows, note),
        Table("Coverage of 95 % intervals", ("metric", "coverage", "before", "repeats"), coverage),
    ]


def repeats_tables(part: dict[str, Any]) -> list[Table]:
    """Coverage by trainings, items and the spread between trainings; how often a later decision believes too much."""
    later = part.get("later")
    rows = [
        [
            f"{row['trainings']} trainings, {row['items']} items, spread {row['spread']} points",
            "{:.1%} ({:.1%} to {:.1%})".format(*row["coverage"]),
            f"{row['itemsAlone']:.1%}",
            f"{row['medianWidth'] * 50:.1f}",
            *(["{:.1%} ({:.1%} to {:.1%})".format(*row["later"]), f"{row['laterByNormal']:.1%}"] if later else []),
        ]
        for row in part["worlds"]
    ]
    note = f"{part['repeats']:,} repeats a world; right answers of 85 % (student) and 90 % (teacher)."
    columns = ("world", "coverage", "over items alone", "± points, median")
    if later:
        columns += (f"decision {later} errs", "by normal quantiles")
        note += f" A later decision's lower end may lie above the truth in {0.025 / later:.1%}."
    return [Table("Coverage of the 95 % interval over items and trainings", columns, rows, note)]


def _share(row: dict[str, Any]) -> str:
    return f"{row['share']:.1%} ({row['low']:.1%} to {row['high']:.1%})"


def _bound(row: dict[str, Any]) -> str:
    return f"at most {row['atMost']:.0%}" if row["atMost"] is not None else f"at least {row['atLeast']:.0%}"


def _before(row: dict[str, Any]) -> str:
    return "" if row["before"] is None else f"{row['before']:.1%}"


def fanout_tables(part: dict[str, Any]) -> list[Table]:
    """Makespans against the lower bound and the sample's loop, then the worlds."""
    sizes = [
        [
            f"{row['prompts']:,}",
            str(row["runs"]),
            f"{row['records']:,}",
            f"{row['hours']:,.2f}",
            f"{row['bound']:,.2f}",
            f"{row['ratio']:.3f} ({row['worst']:.3f})",
            f"{row['loop']:,.0f}",
            f"{row['loop'] / row['hours']:,.0f}x",
        ]
        for row in part["sizes"]
    ]
    head = ("prompts", "runs", "records a job", "hours", "bound", "ratio (worst)", "loop, hours", "faster")
    worlds = [[name, *(f"{ratio:.2f}" for ratio in ratios)] for name, ratios in part["worlds"].items()]
    columns = ("world", *(f"{row['prompts']:,} prompts" for row in part["sizes"][:4]))
    return [
        Table(
            f"Five answers a prompt, simulated over the product's own shards, {part['repeats']} repeats",
            head,
            sizes,
            "Assumed, since AWS publishes none of it: 10,000 records an hour a job, 15 minutes in the queue (lognormal "
            "with sigma 0.2), 0.5 % of records busy, ten jobs at once (the default; the quota is 20 a model). The "
            "bound is what no plan can go below that does not know how long a job will wait: each slot's work, and the "
            "longest of its jobs' waits, or all waits that 50,000 records a job force upon it. "
            "Runs that one execution cannot hold follow each other.",
        ),
        Table("Ratio to the bound in other worlds", columns, worlds),
    ]


def scale_tables(part: dict[str, Any]) -> list[Table]:
    """What a million replies take, what ten million prompts would, many shards, and ten million requests."""
    rows = [
        [state, f"{one['calls']}", f"{one['seconds']:,.1f}", f"{one.get('longest', 0):,.1f}", f"{one['peak']:,.0f}"]
        for state, one in part["lambdas"].items()
        if state != "counts"
    ]
    whole = [
        [
            state,
            f"{one['bytes']:,.0f}",
            f"{one['bytesSpread']:,.0f}",
            f"{one['microseconds']:,.0f}",
            f"{one['microsecondsSpread']:,.0f}",
            f"{one['given']:,}",
            f"{one['inMemory'] / 1e6:,.1f}",
            f"{one['inTime'] / 1e6:,.1f}",
            f"{one['beyondGb']:,.1f}",
            f"{one['beyondSeconds']:,.0f}",
        ]
        for state, one in part["whole"].items()
    ]
    many, plan = part["machineMaps"], part["planned"]
    return [
        Table(
            f"{part['replies']:,} replies to {part['prompts']:,} prompts through the functions on the local AWS",
            ("state", "calls", "seconds, all", "longest call", "peak MB"),
            rows,
            f"Shards of {part['shard']:,} records. Seconds until the function answers, with the local S3; the first "
            "call of each also starts its process. Peak: VmHWM of the function's process.",
        ),
        Table(
            "States that see every prompt",
            ("state", "bytes", "spread", "µs", "spread", "MB given", "in memory", "in time", "GB, 10 M", "s, 10 M"),
            whole,
            f"A prompt's bytes and microseconds of the processor: what the state took over {part['prompts']:,} prompts "
            f"of {part['replies'] // part['prompts']} answers, divided by them, without what its process held before. "
            f"Medians of {part['repeats']} repeats; the spread is the largest less the smallest. In memory and in "
            "time: millions of prompts that fit into nine tenths of what the function is given. Ten million prompts "
            "are a straight line, not a run.",
        ),
        Table(
            "Shards through the machine's Maps, with functions that do nothing",
            ("shards", "seconds", "tasks", "events on AWS"),
            [[f"{many[name]:,.0f}" for name in ("shards", "seconds", "tasks", "events")]],
            "The local machine writes fewer kinds of events than AWS, so theirs are counted by the product's own "
            "figures. AWS ends an execution at 25,000.",
        ),
        Table(
            "What PrepareRun plans for ten million requests",
            ("requests", "batch jobs", "records a job", "events, no event of Bedrock lost", "events, all lost"),
            [[f"{plan[name]:,}" for name in ("requests", "jobs", "records", "eventsAtBest", "events")]],
            "Two million prompts of five answers at the default settings. All lost: every job takes its 24 hours and "
            "no event of Bedrock comes. Retry waves are not in it.",
        ),
    ]


TABLES = {
    "curation": curation_tables,
    "convergence": convergence_tables,
    "soft_hard": soft_hard_tables,
    "cold_start": cold_start_tables,
    "gate": gate_tables,
    "repeats": repeats_tables,
    "fanout": fanout_tables,
    "scale": scale_tables,
}
