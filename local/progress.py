"""Progress lines of commands that take longer than a moment: a spinner while a step runs, one line with its time when
it is done.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

CONSOLE = Console(highlight=False)


class Progress:
    """Prints each step and remembers how long it took, in seconds, by name."""

    def __init__(self, console: Console = CONSOLE) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run the body as the step `name`."""
        with self.console.status(f"{name} ..."), self.timed(name):
            yield
        self.console.print(f"[green]✓[/] {name} [dim]{self.seconds[name]:.1f} s[/]")

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Run the body, which prints for itself, and remember its time."""
        begun = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - begun
