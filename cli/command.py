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

_JSON = {
    "json": (
        Annotated[bool, typer.Option("--json", help="Print one JSON document for programs, and no text.")],
        False,
    )
}
_STACK = {
    "stack": (Annotated[str, typer.Option(envvar="NOVA_DISTILL_STACK", help="The stack's name.")], "NovaDistill"),
    "region": (
        Annotated[
            str | None,
            typer.Option(envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Default: the profile's, else us-east-1."),
        ],
        None,
    ),
    "profile": (
        Annotated[str | None, typer.Option(envvar="AWS_PROFILE", help="Profile of the AWS configuration.")],
        None,
    ),
}


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

            screen.fail(in_plain_words(error))
            raise typer.Exit(1) from None


def printing(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command --json."""

    def called(*, json: bool, **named: Any) -> None:
        from cli.screen import screen  # noqa: PLC0415

        screen.json = json
        command(**named)

    return _with_options(called, command, 0, _JSON)


def on_stack(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command --stack, --region, --profile and --json; its first argument is a function that connects."""
    return _somewhere(command, lambda connection, *where: lambda: connection.opened(*where))


def on_account(command: Callable[..., None]) -> Callable[..., None]:
    """As `on_stack`, where no stack need be: hands the command clients of the account, and the stack's name."""
    return _somewhere(command, lambda connection, *where: connection.account(*where))


def _somewhere(command: Callable[..., None], make: Callable[..., Any]) -> Callable[..., None]:
    def called(*, stack: str, region: str | None, profile: str | None, json: bool, **named: Any) -> None:
        from cli import connection  # noqa: PLC0415 - boto3, which `--help` does not wait for
        from cli.screen import screen  # noqa: PLC0415

        screen.json = json
        command(make(connection, stack, region, profile), **named)

    return _with_options(called, command, 1, _STACK | _JSON)


def _with_options(
    called: Callable[..., None], command: Callable[..., None], given: int, added: dict[str, tuple[Any, Any]]
) -> Callable[..., None]:
    """`called` under the name and the help of `command`, with its parameters but the first `given`, and some more."""
    own = list(inspect.signature(command).parameters.values())[given:]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in added.items()
    ]
    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *more)}
    return called


def confirm(question: str, yes: bool) -> None:
    """Raises CommandError where the person says no."""
    if not yes and not typer.confirm(question, err=True):
        raise CommandError("Nothing was changed.")
