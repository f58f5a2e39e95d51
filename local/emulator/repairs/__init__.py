"""What this project needs from AWS and stock MiniStack does otherwise: one module a repair.

Each module's docstring says what AWS does (with the source), what MiniStack 1.5.33 does, and what is changed; its
`apply` puts it on. Every repair has a test in tests/local/emulator that fails without it.
"""

from importlib import import_module
from importlib.metadata import version

WRITTEN_FOR = "1.5.33"

NAMES = (
    "own_port_only",
    "aws_event_sources",
    "lambda_error_types",
    "shared_layers",
    "callback_tasks",
    "machine_timeout",
    "ended_executions",
    "succeed_output",
    "choice_output",
    "simulated_context",
)


def apply(without: set[str]) -> None:
    """Put on every repair but those named in `without` ("all": none at all)."""
    found = version("ministack")
    if found != WRITTEN_FOR:
        raise SystemExit(
            f"The repairs in local/emulator/repairs were written for ministack {WRITTEN_FOR}, this is {found}. "
            "Install the locked version (python -m local up does), or check each repair against the new one and "
            "change WRITTEN_FOR."
        )
    unknown = without - {"all", *NAMES}
    if unknown:
        raise SystemExit(f"No such repair: {', '.join(sorted(unknown))}. Repairs: {', '.join(NAMES)}")
    # First the application, as MiniStack itself does it: its modules import each other.
    import_module("ministack.app")
    for name in NAMES:
        if not without & {"all", name}:
            import_module(f"{__name__}.{name}").apply()
