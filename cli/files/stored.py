"""What the command line knows of a deployment: the names that the stack gave, and the files in its bucket."""

from collections.abc import Mapping
from typing import NamedTuple

from cli.errors import CommandError


class StoredFile(NamedTuple):
    """An object of the bucket."""

    key: str
    bytes: int


class StackOutputs(NamedTuple):
    """The stack's outputs that the command line needs."""

    bucket: str
    state_machine: str
    ledger: str
    app: str = "nova-distill"

    @classmethod
    def from_outputs(cls, stack: str, outputs: Mapping[str, str]) -> "StackOutputs":
        """Raises CommandError when the stack is not (or not yet) a Nova Distill stack."""
        names = ("BucketName", "StateMachineArn", "LedgerTableName")
        missing = [name for name in names if name not in outputs]
        if missing:
            raise CommandError(
                f"The stack {stack} has no output {', '.join(missing)}.",
                "Is it a Nova Distill stack, and has its deployment ended? `npx cdk deploy` completes it.",
            )
        named = {"app": outputs["AppName"]} if "AppName" in outputs else {}
        return cls(*(outputs[name] for name in names), **named)
