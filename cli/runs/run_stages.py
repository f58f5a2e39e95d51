"""The stages of a run in the order of the state machine, and when each began and ended. Pure: facts in, records out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cli.runs.observed import Observed
from distillation.bedrock.job_status import JobKind
from gateways.executions import Execution


class StageState(StrEnum):
    """SKIPPED: the run went past it (an answered cache, a failed run's rest)."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Stage(NamedTuple):
    """`states`: the machine's states of the stage. `either`: a run enters only one of them, which names the stage.
    `optional`: shown where it was entered.
    """

    name: str
    states: tuple[str, ...]
    either: bool = False
    optional: bool = False


_ASKING = ("AnswerShards", "StartBatch", "AwaitBatch", "AnswerNow", "ReadReplies")

STAGES = (
    Stage("PrepareRun", ("PrepareRun",)),
    Stage("Spending", ("AskToSpend", "AwaitSpending"), optional=True),
    Stage("Pilot", ("PlanPilot", "ReadPilot"), optional=True),
    Stage("Expansion", ("PlanExpansion", "ReadExpansion"), optional=True),
    Stage("PlanRequests", ("PlanRequests",)),
    Stage("AnswerShards", (*_ASKING, "PlanRetryWave")),
    Stage("Reducing", ("ReduceShards", "ReduceShard")),
    Stage("Rating", ("PlanRatings",), optional=True),
    Stage("AssembleDataset", ("AssembleDataset",)),
    Stage("Tuning", ("TrainStudents", "StartTuning", "AwaitTuning")),
    Stage("Deployment", ("StartDeployment", "AwaitDeployment")),
    Stage("Choosing", ("ChooseStudent",), optional=True),
    Stage(
        "PredictArms",
        ("PlanPredictions", "PredictArms", "StartPredictions", "AwaitPredictions", "ReadPredictions", "PredictArm"),
    ),
    Stage("Judging", ("PlanJudging", "JudgeArms", "StartJudging", "AwaitJudging"), optional=True),
    Stage("Comparing", ("PlanComparisons",), optional=True),
    Stage("ScoreRun", ("ScoreRun",)),
    Stage("WriteReport", ("WriteReport",)),
    Stage("Approval", ("AskForApproval", "AwaitApproval", "WriteApproval"), optional=True),
    Stage(
        "Promote or Retire",
        ("PromoteStudent", "RetireStudent", "AwaitPromotion", "VerifyPromotion", "AwaitWayBack"),
        either=True,
    ),
    Stage("Notify", ("NotifySucceeded",)),
)
CLEAN_UP = Stage("Clean up", ("RetireAfterFailure", "WriteFailureReport", "NotifyFailed", "RunFailed"))
_STAGE_OF = {state: index for index, stage in enumerate(STAGES) for state in stage.states}
_DEPLOYMENT = _STAGE_OF["StartDeployment"]
# One Map asks whatever stage planned it: what it does counts for the stage that was planned last.
_ANSWERS = _STAGE_OF["AnswerShards"]
_PLANNERS = {state: _STAGE_OF[state] for state in ("PlanPilot", "PlanExpansion", "PlanRatings", "PlanComparisons")}
_PLANNERS |= dict.fromkeys(("PlanRequests", "PlanRetryWave"), _ANSWERS)


@dataclass(frozen=True, slots=True)
class StageTimes:
    """`name` is the stage's, or the state's where only one of several can be entered."""

    name: str
    state: StageState
    started: datetime | None = None
    ended: datetime | None = None


class _Entry(NamedTuple):
    at: datetime
    stage: int
    state: str


def stage_times(observed: Observed) -> tuple[StageTimes, ...]:
    """One record a stage, in the machine's order, optional ones where they were entered; `Clean up` last, if at all."""
    entries, execution = _entries(observed), observed.execution
    failed_at = next((event.at for event in observed.events if event.entered_state in CLEAN_UP.states), None)
    entered = {entry.stage for entry in entries}
    shown = [index for index, stage in enumerate(STAGES) if index in entered or not stage.optional]
    times = [_times(index, entries, failed_at, execution) for index in shown]
    if failed_at:
        state = StageState.RUNNING if execution.running else StageState.DONE
        times.append(StageTimes(CLEAN_UP.name, state, failed_at, execution.stopped))
    return tuple(times)


def _entries(observed: Observed) -> list[_Entry]:
    """Who entered which stage when. Without events for the states of a Map, a deployment's own creation counts."""
    deployments = {row.job_name for row in observed.ledger if row.kind == JobKind.DEPLOYMENT}
    created = [job.created for name, job in observed.jobs.items() if name in deployments and job.created]
    began = observed.execution.started
    entries, asking = [_Entry(at, _DEPLOYMENT, "StartDeployment") for at in created if at >= began], _ANSWERS
    for event in observed.events:
        name = event.entered_state or ""
        asking = _PLANNERS.get(name, asking)
        if name in _STAGE_OF:
            entries.append(_Entry(event.at, asking if name in _ASKING else _STAGE_OF[name], name))
    return sorted(entries)


def _times(index: int, entries: Sequence[_Entry], failed_at: datetime | None, execution: Execution) -> StageTimes:
    mine = [entry for entry in entries if entry.stage == index]
    later = next((entry.at for entry in entries if entry.stage > index), None)
    if not mine:
        passed = later or failed_at or not execution.running
        return StageTimes(STAGES[index].name, StageState.SKIPPED if passed else StageState.WAITING)
    name, began = mine[0].state if STAGES[index].either else STAGES[index].name, mine[0].at
    if later:
        return StageTimes(name, StageState.DONE, began, later)
    if execution.running and not failed_at:
        return StageTimes(name, StageState.RUNNING, began)
    good = execution.status == "SUCCEEDED" and not failed_at
    return StageTimes(name, StageState.DONE if good else StageState.FAILED, began, failed_at or execution.stopped)
