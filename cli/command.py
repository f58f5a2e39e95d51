"""How a command is made: what all of them share, and nothing that `--help` would have to wait for."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli.errors import CommandError

if TYPE_CHECKING:
    from application.services import Services

Connect = Callable[[], "Services"]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Run = Annotated[str | None, typer.Argument(help="Run id or execution ARN. Default: the newest run.")]
Dataset = Annotated[str, typer.Argument(help="Name of the dataset.")]
_FILE = {"exists": True, "dir_okay": False, "readable": True}
Files = Annotated[list[Path] | None, typer.Argument(**_FILE, help="Seed files.")]
Uploads = Annotated[
    list[Path] | None, typer.Option(**_FILE, help="Upload this seed file first; repeat it for several.")
]
InputFile = Annotated[
    Path | None, typer.Option("--input", **_FILE, help="Execution input or a dataset's input.json: what differs.")
]

_WHERE = {
    "stack": Annotated[str, typer.Option(help="The stack's name.")],
    "region": Annotated[
        str | None,
        typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Default: the profile's, else us-east-1."),
    ],
    "profile": Annotated[str | None, typer.Option(envvar="AWS_PROFILE", help="Profile of the AWS configuration.")],
}
_DEFAULTS = {"stack": "NovaDistill", "region": None, "profile": None}


class Commands(TyperGroup):
    """All commands; what goes wrong in one is said in two sentences, without a traceback, unless it is a defect."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            from cli.advice import in_plain_words  # noqa: PLC0415 - botocore, which `--help` does not wait for
            from cli.screen import screen  # noqa: PLC0415

            failed = in_plain_words(error)
            if failed is None:
                raise
            screen.fail(failed)
            raise typer.Exit(1) from None


def on_stack(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command --stack, --region and --profile, and hands it the services of that stack as its first argument:
    a function that connects when it is called.
    """
    return _somewhere(command, lambda connection, *where: lambda: connection.connect(*where))


def on_account(command: Callable[..., None]) -> Callable[..., None]:
    """As `on_stack`, for a command that works where no stack is: hands it clients of the account, and the stack's
    name.
    """
    return _somewhere(
        command, lambda connection, stack, region, profile: (connection.clients_of(region, profile), stack)
    )


def _somewhere(command: Callable[..., None], make: Callable[..., Any]) -> Callable[..., None]:
    def connected(*given: Any, stack: str, region: str | None, profile: str | None, **named: Any) -> None:
        from cli import connection  # noqa: PLC0415 - boto3, which `--help` does not wait for

        command(make(connection, stack, region, profile), *given, **named)

    own = list(inspect.signature(command).parameters.values())[1:]
    where = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _WHERE.items()
    ]
    connected.__name__, connected.__doc__ = command.__name__, command.__doc__
    connected.__signature__ = inspect.Signature([*own, *where])  # type: ignore[attr-defined]
    connected.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *where)}
    return connected


def confirm(question: str, yes: bool) -> None:
    """Raises CommandError where the person says no."""
    if not yes and not typer.confirm(question):
        raise CommandError("Nothing was changed.")
