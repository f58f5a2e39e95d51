"""Runs with everything that a report can show, made up: five arms, categories, samples, a whole funnel, and texts that
would like to be code.
"""

import random
from collections.abc import Sequence

import msgspec

from distillation.bedrock.prices import load_prices
from distillation.costs.estimate import Estimate
from distillation.costs.spent import CostLine, actual_cost
from distillation.dataset.manifest import AGREEMENT_EDGES, ENTROPY_EDGES, Histogram, SelectionSummary
from distillation.evaluation.scores import (
    Comparisons,
    ControlResult,
    HumanAgreement,
    JudgeCalibration,
    JudgedArm,
    JudgeScores,
    Metric,
    Scores,
)
from distillation.expansion.rounds import ExpansionSummary
from distillation.records import FunnelStep, HoldoutItem, Prediction
from distillation.report.comparison import ComparedRun, Comparison, compare
from distillation.report.funnel import expansion_steps, seeds_step
from distillation.report.report import Counts, DataFacts, Losses, LossPoint, Report, account_problems, taken_over
from distillation.run.record import RunRecord
from distillation.task import Task, TaskKind
from tests.worlds.evaluation_worlds import decide, score
from tests.worlds.run_records import run_record

HOSTILE = (
    '</script><script>window.taken = 1</script><img src=x onerror="window.taken = 2"><a '
    "href='javascript:window.taken = 3'>go</a> {{ 7 * 7 }} | a | b"
)
HOSTILE_LABEL = "<script>window.taken = 4</script>"
LABELS = ("refund", "delivery", HOSTILE_LABEL, "praise")
VERBS = ("card", "transfer", "top_up", "exchange", "pin", "fee", "cash", "refund", "verify", "limit", "country")
OBJECTS = ("not_working", "pending", "declined", "arrival", "charge", "wrong_amount", "lost_or_stolen")
QUESTION = Task(kind=TaskKind.LABEL, labels=LABELS)
LETTER = Task(kind=TaskKind.TEXT)
MODELS = {
    "teacher": "amazon.nova-pro-v1:0",
    "base": "amazon.nova-micro-v1:0",
    "few-shot": "amazon.nova-micro-v1:0",
    "student": "amazon.nova-micro-v1:0",
    "direct": "amazon.nova-micro-v1:0",
    "champion": "amazon.nova-micro-v1:0",
}
ACCURACY = {"teacher": 0.93, "base": 0.66, "few-shot": 0.78, "student": 0.92, "direct": 0.86}
LATENCY = {"teacher": 900, "base": 260, "few-shot": 380, "student": 250, "direct": 250}
INPUT_TOKENS = {"few-shot": 640}
CATEGORIES = ("web shop", "phone", HOSTILE, "branch office in the old town", "mail")
SAMPLES = 4

ESTIMATE = Estimate(
    teacher_usd=0.25,
    base_usd=0.01,
    training_usd=0.6,
    evaluation_usd=0.02,
    total_usd=0.88,
    ceiling_usd=1.4,
    storage_usd_month=1.95,
    tokens={},
    assumptions=("4 characters make a token.",),
)
COUNTS = Counts(
    seeds_in=1240, seeds=1200, seeds_rejected=40, prompts=1560, expanded=360, requests=7800, replies=7790, answers=7700,
    answers_rejected=90, requests_missing=10, cached=400, prompts_learnt=1180, examples=4500, examples_rejected=140,
    train=4100,
    validation=400, holdout=240,
)  # fmt: skip
FUNNEL = (
    FunnelStep(
        step="replies",
        unit="answers",
        came=7800,
        kept=7700,
        rejected={"truncated": 60, "content_filtered": 30, "no_reply_after_all_waves": 10},
    ),
    FunnelStep(step="split", unit="answers", came=7700, kept=6520, rejected={"holdout": 1180}),
    FunnelStep(step="form", unit="answers", came=6520, kept=6450, rejected={"no_canonical_answer": 70}),
    FunnelStep(step="personalData", unit="answers", came=6450, kept=6440, rejected={"personal_data": 10}, changed=35),
    FunnelStep(step="policy", unit="answers", came=6440, kept=5400, rejected={"greedy_is_no_draw": 1040}),
    FunnelStep(step="split", unit="prompts", came=1560, kept=1310, rejected={"holdout": 250}),
    FunnelStep(step="usableAnswer", unit="prompts", came=1310, kept=1305, rejected={"no_usable_answer": 5}),
    FunnelStep(step="agreement", unit="prompts", came=1305, kept=1285, rejected={"low_agreement": 20}),
    FunnelStep(step="holdoutTwins", unit="holdout", came=250, kept=240, rejected={"duplicate": 10}),
    FunnelStep(step="exactDuplicates", unit="prompts", came=1285, kept=1260, rejected={"duplicate": 25}),
    FunnelStep(
        step="nearDuplicates",
        unit="prompts",
        came=1260,
        kept=1220,
        rejected={"near_duplicate": 28, "near_duplicate_of_holdout": 12},
    ),
    FunnelStep(step="decontamination", unit="prompts", came=1220, kept=1200, rejected={"overlaps_holdout": 20}),
    FunnelStep(step="selection", unit="prompts", came=1200, kept=1180, rejected={"not_selected": 20}),
)
EXPANSION = ExpansionSummary(
    target=360,
    kept=360,
    rounds=3,
    why="360 of 360 new prompts were made in 3 rounds.",
    methods={
        "topic": {"requests": 30, "asked": 300, "parsed": 290, "duplicate": 20, "nearDuplicate": 30, "kept": 200},
        "self_instruct": {
            "requests": 40,
            "asked": 240,
            "parsed": 240,
            "offTopic": 16,
            "nearDuplicate": 64,
            "kept": 160,
        },
    },
    categories={"phone": 360},
    topics=24,
)

_SHARE = Metric(value=0.48, low=0.41, high=0.55, n=200, method="bootstrap-bca")
JUDGE = JudgeScores(
    model=f"judge {HOSTILE_LABEL}",
    prompts=200,
    same_family=True,
    warnings=("The judge is of the teacher's family: it may favour its relative's answers.",),
    arms={"student": {"helpfulness": JudgedArm(scored=190, unscored=4, missing=3, unanswered=3)}},
    calibration=(
        JudgeCalibration(metric="helpfulness", right=300, wrong=80, mean_right=_SHARE, mean_wrong=None, auc=_SHARE),
    ),
    comparisons=Comparisons(
        arm="student", minus="teacher", n=200, win=40, tie=112, loss=48, equal=90, consistent=80,
        unanswered=3, unjudged=1, win_rate=_SHARE, p_value=0.46, first_place=_SHARE,
        controls=(
            ControlResult(kind="injected", n=5, won=1, lost=4), ControlResult(kind="halved", n=10, won=0, lost=9),
        ),
    ),
    human=HumanAgreement(n=50, agreed=41, kappa=0.63),
)  # fmt: skip


def many_labels_report() -> Report:
    """A run of a task with 77 labels."""
    task = Task(kind=TaskKind.LABEL, labels=tuple(f"{verb}_{what}" for verb in VERBS for what in OBJECTS))
    holdout, predictions = label_world(300, ACCURACY, hostile=False, labels=task.labels)
    scores = score(holdout, predictions, task, seed=1, models=MODELS, prices=load_prices(), resamples=199)
    return report_of(scores, task, run_id="banking-1")


def label_report(
    *, hostile: bool = True, n: int = 240, student: float = 0.92, run_id: str = "reviews-2", **arms: float
) -> Report:
    """A run of a label task. `arms`: accuracies of further arms, or other ones."""
    scores = msgspec.structs.replace(label_scores(n, student, hostile=hostile, **arms), judge=JUDGE)
    return report_of(scores, QUESTION, run_id=run_id)


def label_scores(n: int = 240, student: float = 0.92, *, hostile: bool = True, **arms: float) -> Scores:
    """Its scores."""
    holdout, predictions = label_world(n, ACCURACY | {"student": student} | arms, hostile=hostile)
    return score(holdout, predictions, QUESTION, seed=1, models=MODELS, prices=load_prices(), resamples=499)


def label_world(
    n: int, accuracy: dict[str, float], *, hostile: bool = True, labels: Sequence[str] = LABELS
) -> tuple[list[HoldoutItem], dict[str, list[Prediction]]]:
    """`n` items in five categories; each arm is right with its accuracy, in its greedy answer and in four samples."""
    rng = random.Random(7)
    holdout, predictions = [], {arm: list[Prediction]() for arm in accuracy}
    for number in range(n):
        truth, category = rng.choice(labels), rng.choices(CATEGORIES, (5, 4, 3, 2, 1))[0]
        text = (
            f"Message {number}. {HOSTILE if hostile else 'My parcel has not come, and nobody answers the telephone.'}"
        )
        holdout.append(HoldoutItem(prompt_id=f"p{number:05d}", prompt=text, reference=truth, category=category))
        luck = rng.random()
        for arm, share in accuracy.items():
            predictions[arm] += _answers(
                f"p{number:05d}", arm, truth, labels, rights=_rights(luck, share, rng), rng=rng
            )
    return holdout, predictions


def _rights(luck: float, share: float, rng: random.Random) -> list[bool]:
    """Whether the greedy answer and each sample is right; half of the luck is the item's own."""
    return [(luck if rng.random() < 0.5 else rng.random()) < share for _ in range(SAMPLES + 1)]


def _answers(
    prompt_id: str, arm: str, truth: str, labels: Sequence[str], *, rights: Sequence[bool], rng: random.Random
) -> list[Prediction]:
    found = []
    for number, right in enumerate(rights):
        text: str | None = truth if right else rng.choice([label for label in labels if label != truth])
        if rng.random() < 0.01:
            text = "I cannot say." if rng.random() < 0.5 else None
        found.append(
            Prediction(
                prompt_id=prompt_id,
                arm=arm,
                sample="g0" if number == 0 else f"s{number - 1}",
                text=text,
                error=None if text else "throttled",
                input_tokens=INPUT_TOKENS.get(arm, 60),
                output_tokens=2 if text else 0,
                latency_ms=None if arm == "base" else max(20, round(rng.gauss(LATENCY.get(arm, 250), 40))),
            )
        )
    return found


def comparison() -> Comparison:
    """Three runs over holdouts that differ."""
    holdout, predictions = label_world(240, {"first": 0.7, "second": 0.95, "third": 0.8, "teacher": 0.95})
    runs = [
        ComparedRun(
            run_id=run_id,
            dataset="reviews",
            task=QUESTION,
            holdout=holdout[start:],
            student=predictions[run_id][start * (SAMPLES + 1) :],
            teacher=predictions["teacher"][start * (SAMPLES + 1) :],
            settings={"training": {"epochCount": 2 + start}, "promptTemplate": HOSTILE if start else None},
            models=MODELS,
            decision=decision,
            headline="",
            cost_usd=1.5,
            training_lines=4100,
        )
        for run_id, start, decision in (("first", 0, "reject"), ("second", 20, "promote"), ("third", 0, "hold"))
    ]
    return compare(runs, prices=load_prices(), created_at="2026-01-01T00:00:00Z", resamples=199)


def text_report(n: int = 60) -> Report:
    """A run of a free-text task, whose answers differ in some words."""
    rng, holdout, predictions = (
        random.Random(3),
        [],
        {arm: list[Prediction]() for arm in ("teacher", "base", "student")},
    )
    drop = {"teacher": 0.08, "base": 0.45, "student": 0.15}
    text = (
        "Dear customer, your parcel left our house on Monday and will be with you on Thursday. We are sorry for the "
        "delay and send you a voucher."
    )
    words = text.split(" ")
    for number in range(n):
        holdout.append(
            HoldoutItem(
                prompt_id=f"p{number:05d}",
                prompt=f"Where is parcel {number}?",
                reference=text,
                category=CATEGORIES[number % 3],
            )
        )
        for arm, share in drop.items():
            answer = " ".join(
                rng.choice(["soon", "perhaps", HOSTILE[:30]]) if rng.random() < share * rng.random() * 2 else word
                for word in words
            )
            predictions[arm].append(
                Prediction(
                    prompt_id=f"p{number:05d}",
                    arm=arm,
                    text=answer,
                    input_tokens=40,
                    output_tokens=30,
                    latency_ms=LATENCY[arm],
                )
            )
    return report_of(
        score(holdout, predictions, LETTER, seed=1, models=MODELS, prices=load_prices(), resamples=199),
        LETTER,
        run_id="letters-1",
    )


def report_of(scores: Scores, task: Task, *, run_id: str) -> Report:
    """The report of scores, with data, costs and losses around them."""
    data = data_facts()
    return Report(
        **taken_over(label_record(task, run_id), scores),
        created_at="2026-01-01T01:00:00Z",
        verdict=decide(scores, margin=0.05),
        counts=COUNTS,
        account_problems=account_problems(COUNTS, data),
        data=data,
        estimate=ESTIMATE,
        costs=actual_cost(
            [
                CostLine(
                    stage="teacher", model=MODELS["teacher"], route="batch", input_tokens=468_000, output_tokens=15_400
                ),
                CostLine(stage="training", model=MODELS["student"], route="training", input_tokens=510_000),
            ],
            load_prices(),
        ),
        losses={"student": _losses(2.1, 0.35), "direct": _losses(2.3, 0.6)},
    )


def label_record(task: Task, run_id: str) -> RunRecord:
    """What such a run was asked to do."""
    models = {"teacher": MODELS["teacher"], "teacher_invoke": "", "student": MODELS["student"], "base_invoke": ""}
    return run_record(task, run_id=run_id, models=models)


def data_facts() -> DataFacts:
    """The data of `COUNTS`."""
    return DataFacts(
        funnel=(seeds_step(1240, {"not_json": 25, "reserved_word": 15}), *expansion_steps(EXPANSION), *FUNNEL),
        strata={name: {"train": 210, "validation": 20, "holdout": 48, "rejected": 28} for name in CATEGORIES},
        agreement=Histogram(edges=AGREEMENT_EDGES, counts=(0, 0, 5, 0, 20, 60, 0, 140, 0, 955)),
        entropy=Histogram(edges=ENTROPY_EDGES, counts=(900, 0, 140, 0, 80, 40, 20, 0, 0, 0, 0, 0, 0, 0)),
        selection=SelectionSummary(
            kept={"phone": 1180},
            left={"phone": 20},
            lines_kept=4500,
            lines_left=80,
            agreement_kept=0.94,
            agreement_left=0.71,
            groups=400,
            groups_covered=398,
        ),
        conflicting_references=2,
        expansion_target=EXPANSION.target,
        expansion_why=EXPANSION.why,
    )


def _losses(first: float, last: float) -> Losses:
    rng = random.Random(5)
    course = [
        LossPoint(step=step, epoch=step / 60, loss=last + (first - last) * 0.96**step + rng.uniform(-0.05, 0.05))
        for step in range(1, 121)
    ]
    checked = [
        LossPoint(step=step, epoch=step / 60, loss=last + 0.1 + (first - last) * 0.965**step)
        for step in (30, 60, 90, 120)
    ]
    return {"training": tuple(course), "validation": tuple(checked)}
