"""Runs as Step Functions, DynamoDB and Bedrock tell them, in the form of their answers: what the tests of the command
line look at.

AWS writes an event for every state, also inside a Map; the local emulator writes none there. `Story(inside_maps=...)`
tells it both ways.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.runs.observed import Observed
from distillation.bedrock.waiting import JobLook
from distillation.records import LedgerRow
from gateways.executions import Execution, HistoryEvent, history_event

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ARN = "arn:aws:states:us-east-1:123456789012:execution:NovaDistill:reviews-1"
RUN_ID = "reviews-1"
ROOT = f"runs/{RUN_ID}/"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Story:
    """Raw events of an execution, each some seconds after its start."""

    def __init__(self, *, inside_maps: bool) -> None:
        self.inside_maps = inside_maps
        self.raw: list[dict[str, Any]] = []
        self._add(
            0,
            "ExecutionStarted",
            executionStartedEventDetails={
                "input": '{"dataset": "reviews"}',
                "roleArn": "arn:aws:iam::123456789012:role/x",
            },
        )

    @property
    def events(self) -> tuple[HistoryEvent, ...]:
        return tuple(history_event(raw) for raw in self.raw)

    def state(
        self,
        name: str,
        start: float,
        end: float | None,
        payload: Mapping[str, Any] | None = None,
        *,
        kind: str = "Task",
        inside: bool = False,
    ) -> None:
        """A state that is entered and, unless it still runs, left; a payload comes with the TaskSucceeded that every
        Step Functions writes.
        """
        events = not inside or self.inside_maps
        if events:
            self._add(start, f"{kind}StateEntered", stateEnteredEventDetails={"name": name, "input": "{}"})
        if payload is not None:
            output = json.dumps({"StatusCode": 200, "Payload": payload})
            self._add(
                end or start,
                "TaskSucceeded",
                taskSucceededEventDetails={"output": output, "resource": "invoke", "resourceType": "lambda"},
            )
        if events and end is not None:
            self._add(
                end, f"{kind}StateExited", stateExitedEventDetails={"name": name, "output": json.dumps(payload or {})}
            )

    def fails(self, seconds: float, error: str, cause: str = "") -> None:
        self._add(
            seconds,
            "TaskFailed",
            taskFailedEventDetails={"error": error, "cause": cause, "resource": "invoke", "resourceType": "lambda"},
        )

    def _add(self, seconds: float, kind: str, **details: Any) -> None:
        self.raw.append(
            {
                "id": len(self.raw) + 1,
                "previousEventId": len(self.raw),
                "timestamp": at(seconds),
                "type": kind,
                **details,
            }
        )


def up_to_answers(*, inside_maps: bool) -> Story:
    """PrepareRun and PlanRequests are done, AnswerShards runs: shard 0 and shard 2 are read, shard 1 is in its batch
    job.
    """
    story = Story(inside_maps=inside_maps)
    story.state(
        "PrepareRun",
        0,
        4,
        {
            "run": {"runId": RUN_ID, "dataset": "reviews"},
            "counts": {"seedsIn": 403, "seeds": 400, "seedsRejected": 3, "prompts": 400},
        },
    )
    shards = [
        {"shard": 0, "route": "batch", "records": 1000},
        {"shard": 1, "route": "batch", "records": 950},
        {"shard": 2, "route": "now", "records": 50},
    ]
    story.state("PlanRequests", 4, 7, {"wave": 0, "shards": shards, "counts": {"requests": 2000, "cached": 0}})
    story.state("AnswerShards", 7, None, kind="Map")
    story.state("StartBatch", 8, 9, {"jobName": "nova-distill-reviews-1-w00-s0000"}, inside=True)
    story.state("AwaitBatch", 9, 60, inside=True)
    story.state(
        "ReadReplies",
        60,
        62,
        {"missing": 2, "counts": {"replies": 998, "answers": 990, "answersRejected": 8}},
        inside=True,
    )
    story.state("AnswerNow", 8, 20, {"done": True}, inside=True)
    story.state(
        "ReadReplies",
        20,
        21,
        {"missing": 0, "counts": {"replies": 50, "answers": 50, "answersRejected": 0}},
        inside=True,
    )
    return story


def whole_run(*, inside_maps: bool) -> Story:
    """From the seeds to the notification, with a retry wave."""
    story = up_to_answers(inside_maps=inside_maps)
    story.state(
        "ReadReplies",
        90,
        92,
        {"missing": 0, "counts": {"replies": 950, "answers": 950, "answersRejected": 0}},
        inside=True,
    )
    story.state(
        "PlanRetryWave",
        92,
        93,
        {"wave": 1, "shards": [{"shard": 3, "route": "now", "records": 2}], "counts": {"requests": 2, "cached": 0}},
    )
    story.state("AnswerShards", 93, 97, kind="Map")
    story.state(
        "ReadReplies", 95, 96, {"missing": 0, "counts": {"replies": 2, "answers": 2, "answersRejected": 0}}, inside=True
    )
    story.state("ReduceShards", 97, 98, kind="Map")
    story.state(
        "ReduceShard", 97, 98, {"counts": {"prompts": 400, "candidates": 296, "held": 100, "rejected": 4}}, inside=True
    )
    story.state(
        "AssembleDataset",
        98,
        100,
        {
            "arms": ["student"],
            "counts": {"examples": 300, "examplesRejected": 4, "train": 270, "validation": 30, "holdout": 100},
        },
    )
    story.state("TrainStudents", 100, 160, kind="Map")
    story.state("StartTuning", 100, 101, {"jobName": "nova-distill-reviews-1-student-t0"}, inside=True)
    story.state("StartDeployment", 140, 141, {"jobName": "nova-distill-reviews-1-student-d0"}, inside=True)
    arms = [
        {"arm": arm, "shard": 0, "route": route, "records": 100}
        for arm, route in (("teacher", "now"), ("base", "batch"), ("student", "now"))
    ]
    story.state("PlanPredictions", 160, 161, {"shards": arms, "counts": {"holdout": 100}})
    story.state("PredictArms", 161, 180, kind="Map")
    story.state("ScoreRun", 180, 184, {"decision": "promote", "promote": True})
    story.state("WriteReport", 184, 188, {"reportKey": ROOT + "8-report/index.html"})
    story.state("PromoteStudent", 188, 189, {"parameter": "/nova-distill/reviews/student"})
    story.state("NotifySucceeded", 189, 190)
    return story


def expanding(*, inside_maps: bool, rounds: int = 1) -> Story:
    """PrepareRun is done, `rounds` rounds of expansion are read and the next is asked."""
    story = Story(inside_maps=inside_maps)
    story.state(
        "PrepareRun", 0, 4, {"run": {"runId": RUN_ID, "dataset": "reviews"}, "counts": {"seeds": 400, "prompts": 400}}
    )
    for number in range(rounds + 1):
        start = 4 + 20 * number
        shards = [{"shard": 0, "route": "batch", "records": 120}]
        plan = {
            "stage": "expansion",
            "wave": number,
            "shards": shards,
            "promptShards": 0,
            "counts": {"requests": 120, "cached": 0},
        }
        story.state("PlanExpansion", start, start + 1, plan)
        story.state("AnswerShards", start + 1, start + 15 if number < rounds else None, kind="Map")
        if number < rounds:
            story.state(
                "ReadReplies",
                start + 14,
                start + 15,
                {"missing": 0, "counts": {"replies": 120, "answers": 120, "answersRejected": 0}},
                inside=True,
            )
            story.state("ReadExpansion", start + 15, start + 20, expansion_output(number + 1, more=True))
    return story


def expansion_output(rounds: int, *, more: bool, why: str = "") -> dict[str, Any]:
    """What ReadExpansion gives after `rounds` rounds."""
    methods = {
        "topics": {"requests": 30, "asked": 100, "parsed": 98, "offTopic": 8, "kept": 90},
        "selfInstruct": {"asked": 300, "parsed": 299, "kept": 210},
    }
    account = {
        "target": 400,
        "kept": 300,
        "rounds": rounds,
        "why": why,
        "methods": methods,
        "categories": {"": 300},
        "topics": 12,
    }
    return {
        "more": more,
        "counts": {"expanded": 300, "expansionTarget": 400, "expansionTopics": 12},
        "expansion": account,
    }


def failed_run() -> Story:
    """PrepareRun finds that the seeds cannot be used."""
    story = Story(inside_maps=True)
    story.state("PrepareRun", 0, None)
    story.fails(3, "InvalidInput", "...")
    for name, start in (("RetireAfterFailure", 3), ("WriteFailureReport", 5), ("NotifyFailed", 7)):
        story.state(name, start, start + 2)
    story.state("RunFailed", 9, None, kind="Fail")
    return story


def execution(status: str = "RUNNING", **more: Any) -> Execution:
    return Execution(
        **{"arn": ARN, "name": RUN_ID, "status": status, "started": START, "input": {"dataset": "reviews"}, **more}
    )


def row(job_name: str, kind: str, **more: Any) -> LedgerRow:
    return LedgerRow(
        **{
            "run_id": RUN_ID,
            "job_name": job_name,
            "kind": kind,
            "state": "SUBMITTED",
            "job_arn": f"arn:aws:bedrock:::{job_name}",
            **more,
        }
    )


def observed(
    story: Story,
    *,
    keys: Sequence[str] = (),
    jobs: Mapping[str, JobLook] | None = None,
    ledger: Sequence[LedgerRow] = (),
    **more: Any,
) -> Observed:
    facts = {"execution": execution(), "run_id": RUN_ID, **more}
    return Observed(
        events=story.events,
        keys=frozenset(ROOT + key for key in keys),
        jobs=jobs or {},
        ledger=tuple(ledger),
        **facts,
    )


BATCH_JOBS = {
    "nova-distill-reviews-1-w00-s0000": JobLook(status="Completed", processed=1000, total=1000, created=at(9)),
    "nova-distill-reviews-1-w00-s0001": JobLook(status="InProgress", processed=400, total=950, created=at(9)),
}
BATCH_ROWS = (
    row("nova-distill-reviews-1-w00-s0000", "batch", records=1000),
    row("nova-distill-reviews-1-w00-s0001", "batch", records=950),
)
MODEL_ROWS = (
    row("nova-distill-reviews-1-student-t0", "tuning"),
    row("nova-distill-reviews-1-student-d0", "deployment"),
)
MODEL_JOBS = {
    "nova-distill-reviews-1-student-t0": JobLook(status="Completed", created=at(101), loss=0.4213),
    "nova-distill-reviews-1-student-d0": JobLook(status="Active", created=at(141)),
}
ANSWERED = (
    "4-answers/shard-0000.jsonl",
    "4-answers/shard-0002.jsonl",
    "4-answers/rejected-0000.jsonl",
    "0-run/run.json",
)
PREDICTED = tuple(f"7-evaluation/shards/{arm}/shard-0000.jsonl" for arm in ("teacher", "base", "student"))
