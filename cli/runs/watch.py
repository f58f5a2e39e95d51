"""Watching a run until it ends: as a live picture on a terminal, as the lines of a log elsewhere."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from cli.runs.draw.run import PlainLines, RunPicture
from cli.runs.durations import clock
from cli.runs.earlier import Earlier, seconds_left
from cli.runs.observed import Observed
from cli.runs.run_view import RunView, run_view
from gateways.aws_errors import passes_by_itself

_NOTHING = Earlier()
Look = Callable[[], Observed]
TOLERATED_FAILURES = 5
"""How many looks in a row may fail for reasons that pass by themselves."""


def watch(
    look: Look,
    console: Console,
    *,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    every: float,
    earlier: Earlier = _NOTHING,
) -> RunView:
    """The view of the run when it has ended. `earlier`: what the time that is left is told by."""
    patient_look = patient(look, sleep, every)
    show = _Live(console, now, earlier) if console.is_terminal else _Lines(console, now)
    with show.screen:
        while True:
            view = run_view(patient_look())
            show.show(view)
            if view.status != "RUNNING":
                return view
            sleep(every)


def patient(look: Look, sleep: Callable[[float], None], every: float) -> Look:
    """`look` that outlasts a few failures in a row when they are of the kind that passes by itself."""

    def outlasting() -> Observed:
        for attempt in range(TOLERATED_FAILURES):
            try:
                return look()
            except Exception as error:
                if not passes_by_itself(error):
                    raise
                sleep(every * 2**attempt)
        return look()

    return outlasting


class _Live:
    def __init__(self, console: Console, now: Callable[[], datetime], earlier: Earlier) -> None:
        self._picture, self._now, self._earlier = RunPicture(), now, earlier
        self.screen = Live(console=console, refresh_per_second=8, vertical_overflow="visible")

    def show(self, view: RunView) -> None:
        now = self._now()
        picture = self._picture.draw(view, now)
        left = seconds_left(view, self._earlier, now)
        if left is not None:
            said = f" about {clock(left)} left, by the run {self._earlier.run_id}"
            picture = Group(picture, Text(said, "dim"))
        self.screen.update(picture, refresh=True)


class _Lines:
    def __init__(self, console: Console, now: Callable[[], datetime]) -> None:
        self._console, self._now, self._lines, self._named = console, now, PlainLines(), False
        self.screen = nullcontext()

    def show(self, view: RunView) -> None:
        if not self._named:
            self._named = True
            self._print(f"run {view.run_id}, dataset {view.dataset}")
        for line in self._lines.changes(view, self._now()):
            self._print(line)
        if view.status != "RUNNING":
            self._print(f"run {view.run_id} {view.status}")

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)
