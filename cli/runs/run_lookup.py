"""Which execution a person means by a run id, an ARN or nothing at all."""

from collections.abc import Sequence
from typing import Protocol

from cli.errors import CommandError
from cli.files.stored import StackOutputs
from cli.runs.observed import Execution
from cli.runs.observer import run_id_of

SEARCHED = 200
"""Executions that are looked through for a run id."""


class ExecutionSource(Protocol):
    """What a lookup asks of AWS (`aws.Cloud`)."""

    @property
    def outputs(self) -> StackOutputs: ...

    def latest(self, limit: int) -> Sequence[Execution]: ...

    def describe(self, arn: str) -> Execution: ...


def find_execution(source: ExecutionSource, run: str | None) -> Execution:
    """By ARN; the newest execution of a run id; or the newest of all. Raises CommandError when there is none."""
    if run and run.startswith("arn:"):
        return source.describe(run)
    listed = source.latest(SEARCHED if run else 20)
    if not listed:
        raise CommandError("No run was started yet.", "`python -m cli start DATASET --upload FILE` starts one.")
    if not run:
        return source.describe(listed[0].arn)
    return _newest_of(run, source, listed)


def _newest_of(run: str, source: ExecutionSource, listed: Sequence[Execution]) -> Execution:
    """Most executions bear the run's own name; where none does, an execution's input may name the run."""
    by_name = (execution for execution in listed if run_id_of(execution) == run or execution.name == run)
    named = next(by_name, None)
    if named:
        return source.describe(named.arn)
    described = (source.describe(execution.arn) for execution in listed)
    found = next((execution for execution in described if run_id_of(execution) == run), None)
    if found is None:
        raise CommandError(
            f"There is no run {run} among the newest {len(listed)} executions.",
            "`python -m cli runs` lists them; an older one is found by its execution's ARN.",
        )
    return found


def console_url(arn: str) -> str:
    """Where the AWS console shows an execution."""
    region = arn.split(":")[3]
    return f"https://{region}.console.aws.amazon.com/states/home?region={region}#/v2/executions/details/{arn}"
