"""How long the stages of the dataset's last run took, queues included: what a wait is measured against."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from application.services import Services
from cli.run_lookup import described
from cli.runs.durations import clock
from cli.runs.observed import RunObserver
from cli.runs.run_stages import StageState, stage_times
from cli.runs.run_view import RunView
from gateways.executions import Execution

LOOKED_AT = 20
"""How many executions are searched for one of the dataset that succeeded."""
LONGEST_TOLD = 4
"""Stages whose times are told."""


class Earlier(NamedTuple):
    """Seconds a stage took, by its name, in the run `run_id`; nothing where there was no such run."""

    run_id: str = ""
    seconds: Mapping[str, float] = {}


def last_run_before(services: Services, execution: Execution) -> Earlier:
    """The dataset's last run that succeeded, this one apart."""
    dataset = execution.input.get("dataset")
    for listed in services.executions.latest(LOOKED_AT):
        if listed.arn == execution.arn or listed.status != "SUCCEEDED":
            continue
        if described(services, listed.arn).input.get("dataset") == dataset:
            seen = RunObserver(services, listed.arn).look()
            times = [one for one in stage_times(seen) if one.state is StageState.DONE and one.started and one.ended]
            return Earlier(seen.run_id, {one.name: (one.ended - one.started).total_seconds() for one in times})  # type: ignore[operator]
    return Earlier()


def told(earlier: Earlier) -> str:
    """How long the run took in all, and its longest stages."""
    longest = sorted(earlier.seconds.items(), key=lambda one: -one[1])[:LONGEST_TOLD]
    stages = ", ".join(f"{name} {clock(seconds)}" for name, seconds in longest)
    return f"The last run, {earlier.run_id}, took {clock(sum(earlier.seconds.values()))}, queues included: {stages}."


def seconds_left(view: RunView, earlier: Earlier, now: datetime) -> float | None:
    """What is left of a run if its stages take what they took; None where that is unknown or exceeded already."""
    left = 0.0
    for stage in (stage.times for stage in view.stages):
        took = earlier.seconds.get(stage.name, 0.0)
        if stage.state is StageState.WAITING:
            left += took
        elif stage.state is StageState.RUNNING and stage.started:
            gone = (now - stage.started).total_seconds()
            if gone > took:
                return None
            left += took - gone
    return left if earlier.seconds and view.status == "RUNNING" else None
