"""The end of the demo in eight lines: the verdict, three arms, which of them to serve, the cost, where the page is.

Read from the run's 8-report/report.json as a user would, without the product's code.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.markup import escape

_SHOWN_ARMS = ("teacher", "student", "base")


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


class _Usd(msgspec.Struct, frozen=True, rename="camel"):
    total_usd: float


class _Report(msgspec.Struct, frozen=True):
    verdict: _Verdict
    arms: dict[str, _Arm] = {}
    costs: _Usd | None = None
    estimate: _Usd | None = None


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
        f"  cost     {_money(report)}",
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


def _money(report: _Report) -> str:
    if report.costs is None:
        return "not known"
    before = f", estimated {report.estimate.total_usd:.3f}" if report.estimate else ""
    return f"{report.costs.total_usd:.3f} USD at list prices{before}"
