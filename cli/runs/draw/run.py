"""A `RunView` as a picture for a terminal and as plain lines for a log. Knows rich, asks nobody anything."""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from cli.errors import as_called
from cli.runs.draw.report import VERDICT_STYLES
from cli.runs.durations import clock, elapsed
from cli.runs.failure import Failure
from cli.runs.run_counts import Progress
from cli.runs.run_stages import StageState
from cli.runs.run_view import Fact, RunView, StageView

_LOOKS = {
    StageState.WAITING: ("·", "dim"),
    StageState.DONE: ("✓", "green"),
    StageState.FAILED: ("✗", "bold red"),
    StageState.SKIPPED: ("–", "dim"),
    StageState.RUNNING: ("▸", "bold cyan"),
}
"""Mark and style; what runs has a spinner for a mark."""
_STATUS_STYLES = {"RUNNING": "bold cyan", "SUCCEEDED": "bold green"}
_CAUSE_LINES = 25
LEFT_FROM = 0.05
"""Share of a stage that has to be done before its end is guessed."""


class RunPicture:
    """Draws views of one run. It keeps the spinner from one picture to the next, so that it turns evenly."""

    def __init__(self) -> None:
        self._spinner = Spinner("dots", style="bold cyan")

    def draw(self, view: RunView, now: datetime) -> RenderableType:
        """Headline, one line a stage, and the errors met on the way."""
        parts: list[RenderableType] = [_headline(view, now), "", self._stages(view, now)]
        if view.errors:
            parts += ["", Text("Errors on the way: " + " · ".join(view.errors), style="yellow")]
        return Padding(Group(*parts), (1, 1))

    def _stages(self, view: RunView, now: datetime) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=False)
        for column in ("left", "left", "right", "left"):
            table.add_column(justify=column, no_wrap=column == "right")
        for stage in view.stages:
            times = stage.times
            mark, style = _LOOKS[times.state]
            turning = self._spinner if times.state is StageState.RUNNING else mark
            name, took = Text(times.name, style=style), elapsed(times.started, times.ended, now)
            table.add_row(turning, name, took, _details(stage, now), style=style if style == "dim" else None)
        return table


def _headline(view: RunView, now: datetime) -> Text:
    run = [("Nova Distill", "bold"), ("  run ", "dim"), (view.run_id, "bold")]
    dataset = [("  dataset ", "dim"), (view.dataset or "?", "bold")]
    status = ("  " + view.status, _STATUS_STYLES.get(view.status, "bold red"))
    spent = f"  {view.spent_usd:.4f} USD" if view.spent_usd else ""
    return Text.assemble(*run, *dataset, status, "  " + elapsed(view.started, view.ended, now), spent)


def _details(stage: StageView, now: datetime) -> RenderableType:
    facts = Text("  ").join(_fact(fact) for fact in stage.facts)
    if stage.progress is None or stage.times.state is not StageState.RUNNING:
        return facts
    return Group(facts, _bar(stage.progress, _left(stage, now)))


def _left(stage: StageView, now: datetime) -> str:
    """How long the stage takes at the pace so far; "" while too little is done to tell."""
    done, total = stage.progress or (0, 0)
    if stage.times.started is None or done < max(1, LEFT_FROM * total) or done >= total:
        return ""
    seconds = (now - stage.times.started).total_seconds() * (total - done) / done
    return f"about {clock(seconds)} left"


def _fact(fact: Fact) -> Text:
    """Held together by spaces that do not break, so that a narrow terminal breaks the line between facts."""
    return Text.assemble(
        (f"{fact.label} ".replace(" ", "\N{NO-BREAK SPACE}"), "dim"), fact.value.replace(" ", "\N{NO-BREAK SPACE}")
    )


def _bar(progress: Progress, left: str) -> RenderableType:
    share = progress.done / progress.total if progress.total else 0.0
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_row(
        ProgressBar(total=max(progress.total, 1), completed=progress.done, width=36), f"{share:.0%}", Text(left, "dim")
    )
    return row


def outcome(view: RunView, bucket: str) -> RenderableType:
    """What stands under the picture when the run has ended: the verdict, or what failed and what to do next."""
    if view.failure:
        return _failure_panel(view.failure, bucket)
    verdict = Text.assemble("Verdict: ", (view.decision or "none", VERDICT_STYLES.get(view.decision, "bold")))
    return Group(verdict, *(Text(f"  {reason}") for reason in view.reasons))


def _failure_panel(failure: Failure, bucket: str) -> Panel:
    cause = [Text(line) for line in failure.lines[:_CAUSE_LINES]] or [Text("Step Functions gives no cause.")]
    if (more := len(failure.lines) - _CAUSE_LINES) > 0:
        cause.append(Text(f"… and {more} more lines", style="dim"))
    advice = [Text.assemble(("Next: ", "bold"), failure.next_step, overflow="fold")]
    if failure.command:
        advice.append(Text(as_called(f"To go on with what is paid for: {failure.command}"), overflow="fold"))
    where = Text(f"The run's files are in s3://{bucket}/", style="dim", overflow="fold")
    return Panel(
        Group(*cause, "", *advice, where),
        title=f"[bold red]{escape(failure.error)}",
        title_align="left",
        border_style="red",
    )


class PlainLines:
    """Views as lines of a log: each change of a stage's state, and its numbers at most every `quiet_seconds`."""

    def __init__(self, quiet_seconds: float = 10.0) -> None:
        self._quiet = quiet_seconds
        self._said: dict[str, tuple[StageState, tuple[Fact, ...], datetime]] = {}
        self._errors: tuple[str, ...] = ()

    def changes(self, view: RunView, now: datetime) -> Iterator[str]:
        """The lines that are new since the last call."""
        at = elapsed(view.started, view.ended, now)
        for stage in view.stages:
            if self._worth_saying(stage, now):
                self._said[stage.times.name] = (stage.times.state, stage.facts, now)
                yield f"[{at}] {_plain(stage, now)}"
        if view.errors != self._errors:
            self._errors = view.errors
            yield f"[{at}] errors on the way: {', '.join(view.errors)}"

    def _worth_saying(self, stage: StageView, now: datetime) -> bool:
        if stage.times.state in (StageState.WAITING, StageState.SKIPPED):
            return False
        state, facts, when = self._said.get(stage.times.name, (StageState.WAITING, (), now))
        if state is not stage.times.state:
            return True
        settled = stage.times.state is not StageState.RUNNING
        return facts != stage.facts and (settled or (now - when).total_seconds() >= self._quiet)


def _plain(stage: StageView, now: datetime) -> str:
    left = _left(stage, now) if stage.times.state is StageState.RUNNING else ""
    facts = ", ".join([*(f"{fact.label} {fact.value}" for fact in stage.facts), *([left] if left else [])])
    took = f" after {elapsed(stage.times.started, stage.times.ended, now)}" if stage.times.ended else ""
    return f"{stage.times.name} {stage.times.state}{took}" + (f": {facts}" if facts else "")
