"""What the judge said, read from the bucket: scores for the statistics, and a record of how it was asked."""

from collections.abc import Mapping, Sequence

import msgspec

from application.evaluation_copies import people_preferences
from application.judging.judging_files import judged_items, pairs_between
from application.rounds import answers_of
from distillation.bedrock.families import self_preference_warning
from distillation.evaluation.scores import Comparisons, HumanAgreement, JudgedArm, JudgeScores
from distillation.evaluation.targets import JudgedScores
from distillation.evaluation.uncertainty.statistics import Draw
from distillation.judging.answers import said_by_prompt, texts_by_prompt
from distillation.judging.calibration import judge_calibration
from distillation.judging.comparisons import (
    choices_of,
    comparisons,
    control_results,
    human_agreement,
    judge_troubles,
    unpaired,
    why_not_decisive,
)
from distillation.judging.controls import controls_of
from distillation.judging.scores import (
    Judgements,
    judged_arms,
    judged_scores,
    judgements_of,
    read_judgements,
    shown_metrics,
)
from distillation.layout import RunLayout
from distillation.records import Arm, Asking, HoldoutItem, Prediction
from distillation.run.evaluation import EvaluationJudge
from distillation.run.record import RunRecord
from distillation.task import TaskKind
from gateways.store import Store


def read_judging(
    store: Store,
    record: RunRecord,
    holdout: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
    draw: Draw,
) -> tuple[JudgedScores | None, JudgeScores | None]:
    """The judge's scores and how it was asked; None twice where the run's input names no judge of the evaluation."""
    evaluation = record.config.evaluation
    judge = evaluation.judge
    if judge is None:
        return None, None
    given = _judgements(store, record, judge, judged_items(judge, holdout), predictions)
    arms = judged_arms(given) if judge.scores else {}
    relative = self_preference_warning(record.models.judge, record.models.teacher)
    compared = (
        _comparisons(store, record, given, predictions, draw) if judge.pairwise and Arm.STUDENT in given.texts else None
    )
    human = _human(store, record) if compared else None
    troubles = judge_troubles(compared) if compared else ()
    why = why_not_decisive(compared, human) if judge.scores and record.task.kind is TaskKind.TEXT else ""
    left_out = f"The judge's scores do not decide on the promotion, word overlap does: {why}." if why else None
    return judged_scores(given), JudgeScores(
        model=record.models.judge,
        prompts=len(given.items),
        same_family=relative is not None,
        warnings=tuple(filter(None, (relative, _incomplete(arms), *troubles, left_out))),
        arms=arms,
        calibration=judge_calibration(given, record.task, evaluation.numeric_tolerance, draw),
        comparisons=compared,
        human=human,
        decides=judge.scores and record.task.kind is TaskKind.TEXT and not why,
    )


def _judgements(
    store: Store,
    record: RunRecord,
    judge: EvaluationJudge,
    items: Sequence[HoldoutItem],
    predictions: Mapping[str, Sequence[Prediction]],
) -> Judgements:
    prefix = RunLayout(record.run_id).judge_prefix
    texts = {arm: texts_by_prompt(given) for arm, given in predictions.items()}
    found = {arm: read_judgements(store.lines_below(f"{prefix}{arm}/", suffix="_output.jsonl")) for arm in predictions}
    return judgements_of(items, shown_metrics(judge), texts, found)


def _human(store: Store, record: RunRecord) -> HumanAgreement | None:
    preferences = people_preferences(store, record.run_id, record.config)
    return human_agreement(preferences, _choices(store, record), record.models.judge)


def _choices(store: Store, record: RunRecord) -> dict[str, str]:
    return choices_of(answers_of(store, record.run_id, Asking.COMPARISONS))


def _comparisons(
    store: Store,
    record: RunRecord,
    given: Judgements,
    predictions: Mapping[str, Sequence[Prediction]],
    draw: Draw,
) -> Comparisons:
    pairs = pairs_between(record, given.items, given.texts)
    choices = _choices(store, record)
    student, teacher = (said_by_prompt(predictions.get(arm, ())) for arm in (Arm.STUDENT, Arm.TEACHER))
    others = unpaired(given.items, student, teacher, record.task)
    found = comparisons(pairs, choices, record.models.judge, others, draw)
    controls = controls_of(given.items, given.texts.get(Arm.TEACHER, {}), record.task)
    return msgspec.structs.replace(found, controls=control_results(controls, choices, record.models.judge))


def _incomplete(arms: Mapping[str, Mapping[str, JudgedArm]]) -> str | None:
    """Says which arms have answers that no job brought a line for."""
    missing = {arm: max((one.missing for one in metrics.values()), default=0) for arm, metrics in arms.items()}
    found = ", ".join(f"{arm} {count}" for arm, count in missing.items() if count)
    rest = "Their prompts are left out for every arm. An arm without any judged answer is left out as a whole."
    return f"Answers that no evaluation job judged: {found}. {rest}" if found else None
