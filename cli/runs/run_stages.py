"""The stages of a run in the order of the state machine, and when each began and ended. Pure: facts in, records out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from cli.runs.observed import Observed
from distillation.bedrock.job_status import JobKind


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
    entries = _entries(observed)
    failed_at = _clean_up_entered(observed)
    entered = {entry.stage for entry in entries}
    shown = [index for index, stage in enumerate(STAGES) if index in entered or not stage.optional]
    times = [_times(index, entries, failed_at, observed) for index in shown]
    if failed_at:
        state = StageState.RUNNING if observed.execution.running else StageState.DONE
        times.append(StageTimes(CLEAN_UP.name, state, failed_at, observed.execution.stopped))
    return tuple(times)


def _entries(observed: Observed) -> list[_Entry]:
    """Who entered which stage when. Without events for the states of a Map, a deployment's own creation counts."""
    entries = list(_entered(observed))
    deployments = {row.job_name for row in observed.ledger if row.kind == JobKind.DEPLOYMENT}
    created = [job.created for name, job in observed.jobs.items() if name in deployments and job.created]
    entries += [_Entry(at, _DEPLOYMENT, "StartDeployment") for at in created if at >= observed.execution.started]
    return sorted(entries)


def _entered(observed: Observed) -> Iterator[_Entry]:
    asking = _ANSWERS
    for event in observed.events:
        name = event.entered_state or ""
        asking = _PLANNERS.get(name, asking)
        if name in _STAGE_OF:
            yield _Entry(event.at, asking if name in _ASKING else _STAGE_OF[name], name)


def _clean_up_entered(observed: Observed) -> datetime | None:
    return next((event.at for event in observed.events if event.entered_state in CLEAN_UP.states), None)


def _times(index: int, entries: Sequence[_Entry], failed_at: datetime | None, observed: Observed) -> StageTimes:
    mine = [entry for entry in entries if entry.stage == index]
    if not mine:
        return StageTimes(STAGES[index].name, _state_of_unentered(index, entries, failed_at, observed))
    name = mine[0].state if STAGES[index].either else STAGES[index].name
    later = next((entry.at for entry in entries if entry.stage > index), None)
    if later:
        return StageTimes(name, StageState.DONE, mine[0].at, later)
    return StageTimes(name, _state_of_latest(failed_at, observed), mine[0].at, failed_at or observed.execution.stopped)


def _state_of_unentered(
    index: int, entries: Sequence[_Entry], failed_at: datetime | None, observed: Observed
) -> StageState:
    passed = any(entry.stage > index for entry in entries)
    return StageState.SKIPPED if passed or failed_at or not observed.execution.running else StageState.WAITING


def _state_of_latest(failed_at: datetime | None, observed: Observed) -> StageState:
    if failed_at:
        return StageState.FAILED
    if observed.execution.running:
        return StageState.RUNNING
    return StageState.DONE if observed.execution.status == "SUCCEEDED" else StageState.FAILED
