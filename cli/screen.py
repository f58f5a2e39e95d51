"""What a command prints: text for people, or with --json one JSON document and nothing else on standard output."""

import os
import sys
from functools import cached_property

import msgspec
from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from cli.errors import CommandError, as_called
from distillation.records import encode_json

PIPE_COLUMNS = 160


class Screen:
    """Output and errors of this process."""

    def __init__(self) -> None:
        self.json = False

    @cached_property
    def text(self) -> Console:
        """A file or a pipe has no width: there ids and paths shall stay whole."""
        console = Console()
        return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=PIPE_COLUMNS)

    @property
    def out(self) -> Console:
        """Where text goes: nowhere while the JSON document is what counts."""
        return Console(quiet=True) if self.json else self.text

    @cached_property
    def err(self) -> Console:
        return Console(stderr=True)

    def show(self, picture: RenderableType, *, fold: bool = True) -> None:
        """A picture; `fold` False lets its long lines run on."""
        self.out.print(picture, soft_wrap=not fold)

    def say(self, line: str, style: str = "") -> None:
        """A line as it is, however long, so that what it names can be copied."""
        self.out.print(Text(as_called(line), style), highlight=False, soft_wrap=True)

    def done(self, line: str) -> None:
        """That something went well."""
        self.out.print(Text.assemble(("✓ ", "bold green"), line), soft_wrap=True)

    def data(self, document: object) -> None:
        """The same as JSON, for programs: records in camelCase, moments in ISO 8601."""
        if self.json:
            body = document if isinstance(document, bytes) else encode_json(document)
            print(msgspec.json.format(body, indent=2).decode(), file=sys.stdout)

    def fail(self, error: CommandError) -> None:
        """What went wrong, and what to do next."""
        self.err.print(Text(as_called(error.message), "red"), soft_wrap=True)
        if error.next_step:
            self.err.print(Text(as_called(f"Next: {error.next_step}")), soft_wrap=True)
        self.data({"error": error.message, "next": error.next_step})

    def transfer(self) -> Progress:
        """A bar for bytes on their way."""
        return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=self.out)


screen = Screen()


def titled_table(title: str, left: tuple[str, ...], right: tuple[str, ...] = ()) -> Table:
    """An empty table; figures are in the columns on the `right`."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table
