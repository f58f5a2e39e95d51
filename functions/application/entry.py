"""The one way into every function: Powertools around a `run(event, services)`, services made once a process."""

import errno
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol, cast

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

from application.services import Services
from distillation.errors import DiskFull
from distillation.layout import RunLayout, answer_cache, decision, mark_key, training_luck
from gateways.aws_errors import hiccups_are_transient

logger = Logger()
tracer = Tracer()
metrics = Metrics()

Event = dict[str, Any]


class Invocation(Protocol):
    """What a handler may know of its own invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


Run = Callable[[Event, Services, Invocation], dict[str, Any]]


@cache
def _services() -> Services:
    return Services()


def lambda_entry(run: Run) -> Callable[[Event, LambdaContext], dict[str, Any]]:
    """Makes the Lambda entry point of `run`: structured log lines with the run id, a trace segment, EMF metrics."""
    # A handler calls this when all is imported. Modules stay for good: the garbage collector need not search them again
    # and again.
    gc.freeze()

    @logger.inject_lambda_context(clear_state=True)
    @tracer.capture_lambda_handler(capture_response=False)
    @metrics.log_metrics(raise_on_empty_metrics=False)
    def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
        logger.append_keys(**_who(event))
        services = _services()
        services.writes = own_files(event)
        with full_disk_is_said(), hiccups_are_transient():
            output = run(event, services, context)
        logger.info("done", extra={"output": output.get("counts", {})})
        return output

    return cast("Callable[[Event, LambdaContext], dict[str, Any]]", handler)


def own_files(event: Event) -> tuple[str, ...]:
    """Prefixes of the keys that an invocation for a run may write: the run's folder, what it leaves to the dataset (its
    shards of the cache, its decision, the luck of training), and the deployment's secret for marks. One role serves all
    runs, so IAM cannot say it. An event without a run is not bound.
    """
    run = event.get("run") or {}
    if not run.get("runId") or not run.get("dataset"):
        return ("",)
    run_id, dataset = run["runId"], run["dataset"]
    of_the_dataset = (f"{answer_cache(dataset)}{run_id}-", decision(dataset, run_id), training_luck(dataset))
    return RunLayout(run_id).root, *of_the_dataset, mark_key()


@contextmanager
def full_disk_is_said() -> Iterator[None]:
    """Turns the operating system's "No space left on device" into what a person can do about it."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise DiskFull(
            "a file of this run is larger than the 10 GiB that a function has on its disk: lower "
            "batches.maxShardRecords, shorten the prompts, or give the seeds to several runs (several datasets)"
        ) from error


def _who(event: Event) -> dict[str, str]:
    run = event.get("run") or {}
    known = {"runId": run.get("runId") or event.get("runId"), "jobName": event.get("jobName")}
    return {key: str(value) for key, value in known.items() if value}
