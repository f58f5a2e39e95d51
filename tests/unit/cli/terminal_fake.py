"""A terminal on an AWS in memory."""

import io
import json
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli import connection
from cli.app import app
from cli.screen import screen
from tests.unit.cli.cloud_fake import FakeCloud


class Terminal:
    """Calls commands on a fake cloud and keeps what they print."""

    def __init__(self, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
        self.cloud, self._output = cloud, io.StringIO()
        console = Console(file=self._output, width=160, color_system=None)
        monkeypatch.setattr(screen, "text", console)
        monkeypatch.setattr(screen, "err", console)
        monkeypatch.setattr(connection, "connect", lambda *_: cloud)
        monkeypatch.setattr("time.sleep", lambda _: None)

    def json(self, *arguments: object) -> tuple[int, Any]:
        """Exit code, and what stands on standard output as JSON: one document. Text goes nowhere but to errors."""
        self._output.truncate(0)
        self._output.seek(0)
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        document = json.loads(result.stdout)
        assert not self._output.getvalue() or "error" in document, self._output.getvalue()
        return result.exit_code, document

    def call(self, *arguments: object) -> tuple[int, str]:
        self._output.truncate(0)
        self._output.seek(0)
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, (self._output.getvalue() + result.output).replace("\N{NO-BREAK SPACE}", " ")
