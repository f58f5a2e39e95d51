"""Watching: what is asked of AWS at every look, the live picture, the lines of a log, and the end."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from rich.console import Console

from cli.run_lookup import run_id_of
from cli.runs.draw.run import PlainLines, RunPicture, outcome
from cli.runs.earlier import Earlier, last_run_before, seconds_left, told
from cli.runs.observed import RunObserver
from cli.runs.run_view import RunView, run_view
from cli.runs.watch import TOLERATED_FAILURES, watch
from distillation.bedrock.waiting import JobLook
from tests.unit.cli.cloud_fake import FakeCloud
from tests.unit.cli.run_stories import (
    ANSWERED,
    ARN,
    BATCH_JOBS,
    BATCH_ROWS,
    ROOT,
    RUN_ID,
    at,
    execution,
    failed_run,
    observed,
    row,
    up_to_answers,
    whole_run,
)


def rendered(view: RunView, now: datetime, *, width: int = 100) -> str:
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(RunPicture().draw(view, now))
    return console.export_text().replace("\N{NO-BREAK SPACE}", " ")


def cloud_with_run() -> FakeCloud:
    cloud = FakeCloud()
    cloud.machine.add(execution())
    cloud.machine.events = list(up_to_answers(inside_maps=True).events)
    cloud.add_rows(BATCH_ROWS)
    cloud.jobs.update(BATCH_JOBS)
    cloud.files.objects = {
        ROOT + "0-run/run.json": json.dumps({"dataset": "reviews", "counts": {"seeds": 400, "prompts": 400}}).encode()
    }
    return cloud


def test_the_picture_of_a_running_run() -> None:
    view = run_view(observed(up_to_answers(inside_maps=False), keys=ANSWERED, jobs=BATCH_JOBS, ledger=BATCH_ROWS))
    lines = [line.strip() for line in rendered(view, at(67)).splitlines()]
    assert "Nova Distill  run reviews-1  dataset reviews  RUNNING  1:07" in lines
    assert any(
        line.startswith("✓  PrepareRun") and "0:04" in line and "seeds 400  rejected 3  prompts 400" in line
        for line in lines
    )
    assert any(
        "AnswerShards" in line and "1:00" in line and "shards 2/3  records 1,450/2,000" in line for line in lines
    )
    assert any("━" in line and line.endswith("72% about 0:22 left") for line in lines)
    assert any(line.startswith("·  AssembleDataset") for line in lines)
    stages = [line.split()[1] for line in lines if line[:1] in "✓·⠋⠙⠹" and line]
    assert stages.index("PrepareRun") < stages.index("AssembleDataset") < stages.index("Notify")


def test_the_picture_fits_into_a_narrow_terminal() -> None:
    view = run_view(observed(whole_run(inside_maps=True), keys=ANSWERED, jobs=BATCH_JOBS))
    assert max(len(line.rstrip()) for line in rendered(view, at(190), width=60).splitlines()) <= 60


def test_the_outcome_of_a_failed_run_names_problems_file_and_next_step() -> None:
    problems = [
        f"seeds/reviews/a.jsonl line {number}: prompt: found 3, expected text [wrong]" for number in range(1, 41)
    ]
    ended = execution(
        "FAILED", stopped=at(9), error="InvalidInput", cause="\n".join(["40 of 50 seeds cannot be used.", *problems])
    )
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(outcome(run_view(observed(failed_run(), execution=ended)), "bucket"))
    text = console.export_text()
    assert "InvalidInput" in text
    assert "line 1: prompt: found 3, expected text [wrong]" in text
    assert "… and 16 more lines" in text
    assert "runs/reviews-1/0-run/rejected-seeds.jsonl" in text.replace("│\n│ ", "")
    assert "s3://bucket/" in text


def test_the_outcome_of_a_good_run_is_its_verdict_and_the_place_of_the_report() -> None:
    report = {"verdict": {"decision": "hold", "reasons": ["the interval is too wide"]}}
    view = run_view(
        observed(whole_run(inside_maps=True), execution=execution("SUCCEEDED", stopped=at(190)), report=report)
    )
    console = Console(record=True, width=100, file=io.StringIO())
    console.print(outcome(view, "bucket"))
    text = console.export_text()
    assert "Verdict: hold\n  the interval is too wide\n" in text


def test_a_log_says_changes_of_state_at_once_and_numbers_seldom() -> None:
    lines, jobs = PlainLines(quiet_seconds=10), dict(BATCH_JOBS)
    story = up_to_answers(inside_maps=False)

    def said(seconds: float, processed: int) -> list[str]:
        jobs["nova-distill-reviews-1-w00-s0001"] = JobLook(status="InProgress", processed=processed, total=950)
        return list(lines.changes(run_view(observed(story, keys=ANSWERED, jobs=jobs)), at(seconds)))

    first = said(30, 100)
    assert [line.split()[1] for line in first] == ["PrepareRun", "PlanRequests", "AnswerShards"]
    assert first[0] == "[0:30] PrepareRun done after 0:04: seeds 400, rejected 3, prompts 400"
    assert said(35, 200) == []
    assert said(41, 300) == [
        "[0:41] AnswerShards running: shards 2/3, records 1,350/2,000, replies 1,048, answers 1,040, rejected 8, "
        "jobs 1 Completed, 1 InProgress, about 0:16 left"
    ]
    story.fails(50, "ThrottledByBedrock")
    assert said(42, 300) == ["[0:42] errors on the way: ThrottledByBedrock"]


def watched(cloud: FakeCloud, *, terminal: bool, tick: Callable[[int], None]) -> tuple[RunView, str]:
    """Watches to the end; `tick` changes the world in each pause."""
    pauses: list[float] = []
    output = io.StringIO()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        tick(len(pauses))

    console = Console(file=output, force_terminal=terminal, width=120, color_system=None)
    view = watch(
        RunObserver(cloud, ARN).look,
        console,
        sleep=sleep,
        now=lambda: at(100) + timedelta(seconds=sum(pauses)),
        every=1.0,
    )
    return view, output.getvalue()


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])
def test_watching_ends_when_the_run_does(terminal: bool) -> None:
    cloud = cloud_with_run()

    def tick(pause: int) -> None:
        if pause == 2:
            cloud.machine.events = list(whole_run(inside_maps=True).events)
            cloud.machine.add(execution("SUCCEEDED", stopped=at(190)))
            cloud.files.objects[ROOT + "8-report/report.json"] = json.dumps(
                {"verdict": {"decision": "promote"}}
            ).encode()

    view, text = watched(cloud, terminal=terminal, tick=tick)
    assert (view.status, view.decision, view.failure) == ("SUCCEEDED", "promote", None)
    assert "PromoteStudent" in text
    assert ("\x1b[" in text) is terminal
    if not terminal:
        assert text.startswith("run reviews-1, dataset reviews\n")
        assert text.endswith("run reviews-1 SUCCEEDED\n")


def test_a_look_asks_only_for_what_can_have_changed() -> None:
    cloud = cloud_with_run()
    observer = RunObserver(cloud, ARN)
    observer.look()
    cloud.asked.clear()
    second = observer.look()
    assert cloud.asked == [
        "describe",
        f"events after {len(cloud.machine.events)}",
        "job nova-distill-reviews-1-w00-s0001",
    ]
    assert len(second.events) == len(cloud.machine.events)
    assert second.jobs["nova-distill-reviews-1-w00-s0000"].status == "Completed"


def test_rows_without_a_job_are_not_asked_for() -> None:
    cloud = cloud_with_run()
    cloud.paid.kept.clear()
    cloud.add_rows([row("nova-distill-reviews-1-w00-s0000", "batch", job_arn=None, state="SUBMITTING")])
    assert RunObserver(cloud, ARN).look().jobs == {}


def test_the_report_of_an_earlier_execution_of_the_run_is_not_taken_for_this_one() -> None:
    cloud = cloud_with_run()
    cloud.files.objects[ROOT + "8-report/report.json"] = b'{"verdict": {"decision": "failed"}}'
    observer = RunObserver(cloud, ARN)
    assert observer.look().report == {}
    cloud.files.objects[ROOT + "8-report/report.json"] = b'{"verdict": {"decision": "promote"}}'
    cloud.machine.add(execution("SUCCEEDED", stopped=at(190)))
    assert observer.look().report["verdict"]["decision"] == "promote"


def test_a_short_loss_of_the_network_is_outlasted() -> None:
    cloud = cloud_with_run()
    cloud.machine.add(execution("SUCCEEDED", stopped=at(190)))
    cloud.machine.unreachable = TOLERATED_FAILURES
    view, _ = watched(cloud, terminal=False, tick=lambda _: None)
    assert view.status == "SUCCEEDED"


def test_a_long_loss_of_the_network_is_an_error() -> None:
    cloud = cloud_with_run()
    cloud.machine.unreachable = TOLERATED_FAILURES + 1
    with pytest.raises(EndpointConnectionError):
        watched(cloud, terminal=False, tick=lambda _: None)


def test_missing_rights_are_no_matter_of_patience() -> None:
    denied = ClientError(
        {"Error": {"Code": "AccessDenied", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}},
        "DescribeExecution",
    )
    pauses: list[float] = []

    def look() -> object:
        raise denied

    with pytest.raises(ClientError):
        watch(look, Console(file=io.StringIO()), sleep=pauses.append, now=lambda: at(0), every=1.0)  # type: ignore[arg-type]
    assert pauses == []


@pytest.mark.parametrize(
    ("name", "execution_input", "expected"),
    [
        ("reviews-1a2b", {}, "reviews-1a2b"),
        ("whatever", {"dataset": "reviews", "runId": "reviews-7"}, "reviews-7"),
        ("reviews-7_20260102-030405", {"runId": None}, "reviews-7-20260102-030405-"),
    ],
)
def test_the_run_of_an_execution(name: str, execution_input: dict[str, object], expected: str) -> None:
    assert run_id_of(execution(name=name, input=execution_input)).startswith(expected[:20])


def test_run_id_without_events() -> None:
    assert run_id_of(execution()) == RUN_ID


def test_what_is_left_is_told_by_what_the_datasets_last_run_took() -> None:
    cloud = FakeCloud()
    for name, dataset, status in (("other", "else", "SUCCEEDED"), ("broken", "reviews", "FAILED")):
        cloud.machine.add(execution(status, arn=f"{ARN}-{name}", name=name, input={"dataset": dataset}))
    assert last_run_before(cloud, execution(arn="now")) == Earlier()
    cloud.machine.add(execution("SUCCEEDED", stopped=at(190)))
    cloud.machine.events = list(whole_run(inside_maps=True).events)
    earlier = last_run_before(cloud, execution(arn="now"))
    assert earlier.run_id == RUN_ID
    assert earlier.seconds["PrepareRun"] == 4
    assert last_run_before(cloud, execution()) == Earlier()
    assert told(Earlier("before", {"A": 1.0, "B": 3700.0, "C": 90.0, "D": 5.0, "E": 60.0})) == (
        "The last run, before, took 1:04:16, queues included: B 1:01:40, C 1:30, E 1:00, D 0:05."
    )

    running = run_view(observed(up_to_answers(inside_maps=False), keys=ANSWERED))
    known = Earlier("before", {"PrepareRun": 4, "AnswerShards": 100, "ScoreRun": 5})
    assert seconds_left(running, known, at(67)) == pytest.approx(100 - 60 + 5, abs=2)
    assert seconds_left(running, known, at(400)) is None
    assert seconds_left(running, Earlier(), at(67)) is None


def test_the_live_picture_says_what_is_left() -> None:
    cloud, ended = cloud_with_run(), execution("SUCCEEDED", stopped=at(190))
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    known = Earlier("before", {"AnswerShards": 100.0, "ScoreRun": 5.0})

    def end(_: float) -> None:
        cloud.machine.add(ended)

    watch(RunObserver(cloud, ARN).look, console, sleep=end, now=lambda: at(67), every=2, earlier=known)
    assert "left, by the run before" in console.export_text()
