"""What goes wrong for the person at the terminal: one sentence about what happened, one about what to do next."""

import os

_BY_MODULE = "python -m cli"


def as_called(text: str) -> str:
    """Commands in a text under the name that this one was called by."""
    return text.replace(_BY_MODULE, os.environ.get("NOVA_DISTILL_COMMAND", _BY_MODULE))


class CommandError(Exception):
    """The command cannot go on. Printed without a traceback; the exit code is 1."""

    def __init__(self, message: str, next_step: str = "") -> None:
        super().__init__(message)
        self.message, self.next_step = message, next_step
