"""What the judge said, read from the bucket: scores for the statistics, and a record of how it was asked."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from application.judging_files import judged_items, pairs_between
from application.rounds import answers_of
from distillation.bedrock.families import self_preference_warning
from distillation.evaluation.answer_metrics import Tolerance
from distillation.evaluation.score import RESAMPLES
from distillation.evaluation.scores import Comparisons, JudgedArm, JudgeScores
from distillation.evaluation.targets import Judged
from distillation.judging.answers import texts_by_prompt
from distillation.judging.calibration import calibration
from distillation.judging.comparisons import choices_of, comparisons
from distillation.judging.scores import (
    Judgements,
    arm_judgements,
    judged_arms,
    judged_scores,
    read_judgements,
    shown_metrics,
)
from distillation.layout import RunLayout
from distillation.records import Arm, HoldoutItem, Prediction, Stage
from distillation.run.evaluation import EvaluationJudge
from distillation.run.record import RunRecord
from gateways.store import Store


class Judging(NamedTuple):
    """Of a run whose answers were judged: the scores, and the record of it."""

    scores: Judged
    record: JudgeScores


def read_judging(
    store: Store,
    record: RunRecord,
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    *,
    tolerance: Tolerance,
    seed: int,
) -> Judging | None:
    """None where the run's input names no judge of the evaluation."""
    judge = record.settings.evaluation.judge
    if judge is None:
        return None
    given = _judgements(store, record, judge, judged_items(judge, holdout), predictions)
    arms = judged_arms(given) if judge.scores else {}
    relative = self_preference_warning(record.models.judge, record.models.teacher)
    return Judging(
        judged_scores(given),
        JudgeScores(
            model=record.models.judge,
            prompts=len(given.items),
            same_family=relative is not None,
            warnings=tuple(filter(None, (relative, _incomplete(arms)))),
            arms=arms,
            calibration=calibration(given, record.task, tolerance=tolerance, resamples=RESAMPLES, seed=seed),
            comparisons=_comparisons(store, record, given, seed)
            if judge.pairwise and Arm.STUDENT in given.arms
            else None,
        ),
    )


def _judgements(
    store: Store,
    record: RunRecord,
    judge: EvaluationJudge,
    items: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
) -> Judgements:
    layout = RunLayout(record.run_id)
    arms = {
        arm: arm_judgements(
            items,
            texts_by_prompt(given),
            read_judgements(store.lines_below(f"{layout.judge_prefix}{arm}/", suffix="_output.jsonl")),
        )
        for arm, given in predictions.items()
    }
    return Judgements(items, shown_metrics(judge), arms)


def _comparisons(store: Store, record: RunRecord, given: Judgements, seed: int) -> Comparisons:
    pairs = pairs_between(record, given.items, {arm: judged.texts for arm, judged in given.arms.items()})
    choices = choices_of(answers_of(store, record.run_id, Stage.COMPARISONS))
    return comparisons(
        pairs, choices, record.models.judge, unanswered=len(given.items) - len(pairs), resamples=RESAMPLES, seed=seed
    )


def _incomplete(arms: Mapping[str, Mapping[str, JudgedArm]]) -> str | None:
    """Says which arms have answers that no job brought a line for."""
    missing = {arm: max((one.missing for one in metrics.values()), default=0) for arm, metrics in arms.items()}
    found = ", ".join(f"{arm} {count}" for arm, count in missing.items() if count)
    return (
        f"Answers that no evaluation job judged: {found}. Their prompts are left out for every arm, an arm of which "
        "nothing was judged is."
        if found
        else None
    )
