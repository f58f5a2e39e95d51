"""What a command prints."""

from functools import cached_property

from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from cli.errors import CommandError


class Screen:
    """Output and errors of this process."""

    @cached_property
    def out(self) -> Console:
        return Console()

    @cached_property
    def err(self) -> Console:
        return Console(stderr=True)

    def show(self, picture: RenderableType, *, fold: bool = True) -> None:
        """A picture; `fold` False lets its long lines run on."""
        self.out.print(picture, soft_wrap=not fold)

    def say(self, line: str, style: str = "") -> None:
        """A line as it is, however long, so that what it names can be copied."""
        self.out.print(Text(line, style), highlight=False, soft_wrap=True)

    def done(self, line: str) -> None:
        """That something went well."""
        self.out.print(Text.assemble(("✓ ", "bold green"), line), soft_wrap=True)

    def fail(self, error: CommandError) -> None:
        """What went wrong, and what to do next."""
        self.err.print(Text(error.message, "red"), soft_wrap=True)
        if error.next_step:
            self.err.print(Text(f"Next: {error.next_step}"), soft_wrap=True)

    def transfer(self) -> Progress:
        """A bar for bytes on their way."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        return Progress(*columns, console=self.out)


screen = Screen()
