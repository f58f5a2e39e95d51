"""A run's files -> its report: nothing is asked of AWS, so a bucket in memory is enough."""

import csv
import io
from collections.abc import Sequence

import msgspec
import pytest

from application.reporting.report_facts import report_of
from application.reporting.usage import usages
from application.run_files import Student, Wave
from distillation.bedrock.job_status import JobKind
from distillation.bedrock.limits import estimate_tokens
from distillation.bedrock.training_lines import conversation_line
from distillation.costs.estimate import Estimate
from distillation.costs.loads import EXPLANATION_TOKENS, scores_load
from distillation.dataset.manifest import Manifest
from distillation.expansion.rounds import ExpansionSummary
from distillation.inference.accounts import Account, ShardCounts
from distillation.inference.replies import ShardAnswers
from distillation.inference.requests import Shard
from distillation.judging.answers import JudgingLine
from distillation.layout import RunLayout
from distillation.records import (
    Answer,
    Arm,
    Asking,
    FunnelStep,
    LedgerRow,
    Prediction,
    RejectedSeed,
    Route,
    encode_lines,
)
from distillation.report.pages import render_html
from distillation.run.config import Split
from tests.fakes import MemoryLedger, MemoryStore
from tests.worlds.answers import answer
from tests.worlds.evaluation_worlds import decide
from tests.worlds.report_world import QUESTION, label_scores
from tests.worlds.run_records import run_record

LAYOUT = RunLayout("run-1")
SCORES = label_scores(60)
EXPANSION = ExpansionSummary(
    target=2,
    kept=2,
    rounds=1,
    why="2 of 2.",
    methods={"topic": {"requests": 1, "asked": 2, "parsed": 2, "kept": 2}},
    categories={},
    topics=1,
)


def shard(number: int, route: Route) -> Shard:
    return Shard(shard=number, records=2, first=0, last=1, route=route)


def metrics(kind: str, losses: Sequence[float]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["step_number", "epoch_number", f"{kind}_loss", "perplexity"])
    rows.writerows([step, 0, loss, 1] for step, loss in enumerate(losses, 1))
    return text.getvalue().encode()


@pytest.fixture
def store() -> MemoryStore:
    """12 lines of seeds, of which 10 can be used; 2 new prompts; 24 requests in two waves; two trained arms."""
    files = MemoryStore()
    models = {"teacher": "amazon.nova-pro-v1:0", "student": "amazon.nova-micro-v1:0:128k"}
    counts = {"seedsIn": 12, "seeds": 10, "seedsRejected": 2, "prompts": 10}
    record = run_record(QUESTION, models=models, counts=counts)
    funnel = [
        FunnelStep(
            step="replies", unit="answers", came=24, kept=22, rejected={"truncated": 1, "no_reply_after_all_waves": 1}
        )
    ]
    account = Account(requests=24, answers=22, rejected=1, missing=1, rejected_by_reason={"truncated": 1})
    manifest = Manifest(
        run_id="run-1",
        dataset="reviews",
        counts={
            "prompts": 12,
            "promptsLearnt": 8,
            "examples": 16,
            "examplesRejected": 1,
            "train": 14,
            "validation": 2,
            "holdout": 3,
        },
        rejected_by_reason={"duplicate": 1},
        files={},
        split=Split(holdout_share=0.2, validation_share=0.1),
        funnel=tuple(funnel),
    )
    estimate = Estimate(
        teacher_usd=1,
        base_usd=0,
        training_usd=0,
        evaluation_usd=0,
        total_usd=1,
        ceiling_usd=2,
        storage_usd_month=1.95,
        tokens={},
        assumptions=(),
    )
    for key, value in {
        LAYOUT.run: record,
        LAYOUT.dataset("manifest.json"): manifest,
        LAYOUT.candidates("counts", 0): ShardCounts(account=account, funnel=funnel),
        LAYOUT.scores: SCORES,
        LAYOUT.verdict: decide(SCORES),
        LAYOUT.estimate: estimate,
        LAYOUT.expansion("summary.json"): EXPANSION,
        LAYOUT.students: [Student(arm=arm, model_arn="", deployment_arn="") for arm in ("student", "direct")],
        LAYOUT.wave_plan(0): Wave(wave=0, shards=(shard(0, Route.BATCH), shard(1, Route.NOW)), requests=24, cached=5),
        LAYOUT.wave_plan(0, Asking.EXPANSION): Wave(
            wave=0, shards=(shard(0, Route.BATCH),), requests=1, stage=Asking.EXPANSION
        ),
    }.items():
        files.put_json(key, value)
    rejected = [
        RejectedSeed(file="a.jsonl", line=n, field="", reason="not_json", found="", expected="") for n in (1, 2)
    ]
    line = conversation_line("", "12345678", "refund")
    standard = msgspec.structs.replace(answer("p4-x-s0", input_tokens=5), standard_tier=True)
    for key, lines in {
        LAYOUT.rejected_seeds: list(encode_lines(rejected)),
        LAYOUT.answers(0): list(encode_lines([answer("p0-x-s0", input_tokens=10), answer("p1-x-s0", input_tokens=10)])),
        LAYOUT.answers(1): list(encode_lines([answer("p2-x-s0", input_tokens=7), standard])),
        LAYOUT.answers(0, Asking.EXPANSION): list(encode_lines([answer("p3-x-s0", input_tokens=100)])),
        LAYOUT.training_file(Arm.STUDENT, "train.jsonl"): [line] * 14,
        LAYOUT.training_file(Arm.DIRECT, "train.jsonl"): [line] * 7,
        LAYOUT.prediction_shard(Arm.BASE, 0): list(
            encode_lines([Prediction(prompt_id="p0", arm="base", text="refund", input_tokens=9, output_tokens=1)])
        ),
    }.items():
        files.put_lines(key, lines)
    folder = LAYOUT.model_prefix(Arm.STUDENT) + "model-customization-job-x/"
    files.put(folder + "training_artifacts/step_wise_training_metrics.csv", metrics("training", [2.0, 1.0]))
    files.put(
        folder + "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv",
        metrics("validation", [1.5]),
    )
    return files


def test_the_report_follows_the_data_from_the_seeds_on(store: MemoryStore) -> None:
    report = report_of(store, MemoryLedger(), "run-1", created_at="2026-01-01T00:00:00+00:00")  # type: ignore[arg-type]
    assert report.data
    assert [(step.step, step.unit, step.came, step.kept) for step in report.data.funnel] == [
        ("seeds", "seeds", 12, 10),
        ("topic", "new prompts", 2, 2),
        ("replies", "answers", 24, 22),
    ]
    assert (report.counts.prompts, report.counts.expanded, report.counts.cached) == (12, 2, 5)
    assert (report.data.expansion_target, report.data.expansion_why) == (2, "2 of 2.")
    assert report.account_problems == ()
    assert "judge" not in report.models
    assert msgspec.to_builtins(report.verdict)["decision"] == decide(SCORES).decision


def test_losses_are_found_wherever_bedrock_put_them(store: MemoryStore) -> None:
    losses = report_of(store, MemoryLedger(), "run-1", created_at="2026-01-01T00:00:00+00:00").losses  # type: ignore[arg-type]
    assert list(losses) == ["student"]
    assert [(point.step, point.loss) for point in losses["student"]["training"]] == [(1, 2.0), (2, 1.0)]
    assert [(point.step, point.loss) for point in losses["student"]["validation"]] == [(1, 1.5)]


def test_a_curve_that_cannot_be_read_is_a_warning_in_the_report_and_fails_nothing(store: MemoryStore) -> None:
    [key] = [key for key in store.objects if key.endswith("step_wise_training_metrics.csv")]
    store.put(key, store.objects[key].replace(b"step_number", b"step"))
    report = report_of(store, MemoryLedger(), "run-1", created_at="2026-01-01T00:00:00+00:00")  # type: ignore[arg-type]
    assert report.losses == {}
    [warning] = report.warnings
    assert warning.startswith("The training loss of student cannot be read as a whole: found the columns step,")
    assert warning in render_html(report).replace("&#39;", "'")


def test_what_replies_took_is_the_same_by_their_sums(store: MemoryStore) -> None:
    record = run_record(QUESTION, models={"teacher": "amazon.nova-pro-v1:0"})
    one_by_one = usages(store, record, [])  # type: ignore[arg-type]
    for shard, stage in ((0, Asking.ANSWERS), (1, Asking.ANSWERS), (0, Asking.EXPANSION)):
        answers = list(store.records(LAYOUT.answers(shard, stage), Answer))
        sums = ShardAnswers(answers=answers, rejected=[], missing=[], strangers=[]).tokens
        store.put_records(LAYOUT.tokens(shard, stage), sums)
        store.put_records(LAYOUT.answers(shard, stage), [])
    assert usages(store, record, []) == one_by_one  # type: ignore[arg-type]


def test_every_stage_is_paid_for_by_its_own_route_and_every_submitted_job_counts(store: MemoryStore) -> None:
    models = {"teacher": "amazon.nova-pro-v1:0", "student": "amazon.nova-micro-v1:0:128k"}
    judge = {"metrics": ["Builtin.Correctness", "Builtin.Coherence"]}
    record = run_record(QUESTION, models=models, evaluation={"judge": judge})
    line = JudgingLine(prompt="word " * 100, model_responses=({"response": "yes", "modelIdentifier": "student"},))
    store.put_records(LAYOUT.judge_dataset("student", 0), [line] * 3)

    def job(name: str, kind: JobKind, outcome: str | None, status: str, arn: str | None = "arn") -> LedgerRow:
        row = LedgerRow(run_id="run-1", job_name=f"nova-distill-run-1-{name}", kind=kind, state="ENDED", job_arn=arn)
        return msgspec.structs.replace(row, outcome=outcome, status=status)

    rows = [
        job("student-t0", JobKind.TUNING, "failed", "Stopped"),
        job("student-t1", JobKind.TUNING, "succeeded", "Completed"),
        job("direct-t0", JobKind.TUNING, None, "InProgress"),
        job("direct-t1", JobKind.TUNING, None, "", arn=None),
        job("js-00a0x1f3c", JobKind.EVALUATION, "succeeded", "Completed"),
    ]
    usages_found = usages(store, record, rows)  # type: ignore[arg-type]
    found = [(usage.stage, usage.route, usage.input_tokens, usage.output_tokens) for usage in usages_found]
    [direct] = [tokens for stage, _, tokens, _ in found if stage == "training direct"]
    read = 3 * int(scores_load(record.config.evaluation.judge, estimate_tokens("word " * 100 + "yes")).input_tokens)  # type: ignore[arg-type]
    assert found == [
        ("expansion", "batch", 100, 1),
        ("teacher", "batch", 20, 2),
        ("teacher", "flex", 7, 1),
        ("teacher", "onDemand", 5, 1),
        ("predictions base", "onDemand", 9, 1),
        ("Stopped: training", "training", 2 * direct, 0),
        ("training", "training", 2 * direct, 0),
        ("training direct", "training", direct, 0),
        ("evaluation jobs, estimated", "onDemand", pytest.approx(read, rel=0.01), 3 * 2 * EXPLANATION_TOKENS),
    ]
