"""The end of the demo in eight lines: the verdict, three arms, which of them to serve, how often the teacher was asked,
the cost, where the page is.

Read from the run's 8-report/report.json and its plans in 2-requests as a user would, without the product's code.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.markup import escape

_SHOWN_ARMS = ("teacher", "student", "base")
_JUDGED = ("ratings", "comparisons")
_MANAGED = "distillation"


class _Metric(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval; None where the items do not bound it."""

    value: float
    low: float | None = None
    high: float | None = None


class _Arm(msgspec.Struct, frozen=True):
    metrics: dict[str, _Metric]


class _Verdict(msgspec.Struct, frozen=True):
    headline: str
    metric: str | None = None
    serve: str | None = None


class _Line(msgspec.Struct, frozen=True):
    stage: str


class _Usd(msgspec.Struct, frozen=True, rename="camel"):
    total_usd: float
    lines: tuple[_Line, ...] = ()


class _Report(msgspec.Struct, frozen=True):
    verdict: _Verdict
    arms: dict[str, _Arm] = {}
    costs: _Usd | None = None
    estimate: _Usd | None = None
    models: dict[str, str] = {}


class _Round(msgspec.Struct, frozen=True):
    """The plan of a round of requests, 2-requests/*/plan.json. `cached`: answers taken over from earlier runs."""

    stage: str
    requests: int
    cached: int = 0


def final_screen(folder: Path) -> list[str]:
    """At most eight lines of at most 80 columns, the path apart, in rich's markup.

    `folder`: the run's files.
    """
    report = msgspec.json.decode((folder / "8-report" / "report.json").read_bytes(), type=_Report)
    page = folder / "8-report" / "index.html"
    return [
        f"[bold]{escape(report.verdict.headline)}[/]",
        *_arm_lines(report),
        *([f"  serve    {escape(report.verdict.serve)}, by what was measured"] if report.verdict.serve else []),
        *_spent(folder, report),
        f"[bold]Report:[/] {escape(str(page))}",
    ]


def _arm_lines(report: _Report) -> Iterator[str]:
    metric = report.verdict.metric
    for name in _SHOWN_ARMS:
        arm = report.arms.get(name)
        if not arm or metric is None or metric not in arm.metrics:
            continue
        one, cost = arm.metrics[metric], arm.metrics.get("costPer1000Usd")
        within = (
            f" ({100 * one.low:.1f} to {100 * one.high:.1f})" if one.low is not None and one.high is not None else ""
        )
        price = f"   1,000 answers {cost.value:.4f} USD" if cost else ""
        yield f"  {name:8} {metric} {100 * one.value:5.1f} %{within:16}{price}"


def _requests(folder: Path, report: _Report) -> tuple[int, int] | None:
    """How many requests the teacher was asked, by the plans of all rounds, and how many answers came from earlier runs;
    None where nothing was planned.
    """
    plans = [msgspec.json.decode(path.read_bytes(), type=_Round) for path in folder.glob("2-requests/*/plan.json")]
    rounds = [one for one in plans if not (one.stage in _JUDGED and "judge" in report.models)]
    # The pilot asks some of the same requests: what it takes over, the first round of the answers takes over too.
    taken = sum(one.cached for one in rounds if one.stage != "pilot")
    return (sum(one.requests for one in rounds), taken) if rounds else None


def _spent(folder: Path, report: _Report) -> Iterator[str]:
    """What was asked of the teacher, and what the run cost. An estimate knows of no earlier answers."""
    asked, taken = _requests(folder, report) or (None, 0)
    if asked is not None:
        earlier = f"; {taken:,} answers came from earlier runs" if taken else ""
        # What Bedrock's managed distillation asks of the teacher, nobody is shown.
        managed = report.costs and any(line.stage == _MANAGED for line in report.costs.lines)
        yield f"  asked    the teacher {asked:,} requests{' directly' if managed else ''}{earlier}"
    cost = f"{report.costs.total_usd:.3f} USD at list prices" if report.costs else "not known"
    if report.costs and report.estimate:
        cost += f", estimated {report.estimate.total_usd:.3f}{' without those' if taken else ''}"
    yield f"  cost     {cost}"
