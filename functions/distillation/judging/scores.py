"""What evaluation jobs wrote -> scores of every arm's answers, and how many answers have none. A line is
{"automatedEvaluationResult": {"scores": [{"metricName", "result", ...}]}, "inputRecord": {the dataset's line},
"modelResponses": [...]} (Bedrock user guide, "Understand how the results of your model evaluation job are saved in
Amazon S3").
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from distillation.evaluation.scores import JudgedArm
from distillation.judging.answers import AnswerKey, JudgingLine, key_of, read_key
from distillation.records import HoldoutItem
from distillation.run.evaluation import BARE_NAMES, BUILTIN, EvaluationJudge

ONE_IS_BAD = frozenset({"Builtin.Harmfulness", "Builtin.Stereotyping", "Builtin.Refusal"})
"""Metrics in which Bedrock says 1 for what is bad (user guide, "Built-in metric evaluator prompts")."""
CUSTOM = "Custom."

Found = Mapping[str, Mapping[str, float | None]]
"""Prompt id -> metric -> score from 0 to 1, None where the judge gave none."""


class _Score(msgspec.Struct, rename="camel"):
    metric_name: str
    result: float | str | None = None


class _Line(msgspec.Struct, rename="camel"):
    automated_evaluation_result: dict[Literal["scores"], list[_Score]]
    input_record: JudgingLine
    model_responses: tuple[dict[str, Any], ...] = ()


_decode = msgspec.json.Decoder(_Line).decode


class Judgements(NamedTuple):
    """The judged items by prompt id, the metrics as they are shown, and by arm its texts (prompt id -> text) and scores
    (prompt id -> metric -> score or None), where a job brought a line.
    """

    items: Sequence[HoldoutItem]
    metrics: Sequence[str]
    texts: Mapping[str, Mapping[str, str]]
    scores: Mapping[str, Found]

    def score(self, arm: str, item: HoldoutItem, metric: str) -> float | None:
        """The judge's score of an answer; None where there is no answer, no line or no score."""
        return self.scores[arm].get(item.prompt_id, {}).get(metric)


def judgements_of(
    items: Sequence[HoldoutItem],
    metrics: Sequence[str],
    texts: Mapping[str, Mapping[str, str]],
    lines: Mapping[str, Mapping[AnswerKey, Mapping[str, float | None]]],
) -> Judgements:
    """Finds among an arm's lines that of each item which it answered (`texts`: arm -> prompt id -> text)."""
    keys = {
        arm: {item.prompt_id: key_of(item, given[item.prompt_id]) for item in items if item.prompt_id in given}
        for arm, given in texts.items()
    }
    scores = {
        arm: {prompt_id: lines[arm][key] for prompt_id, key in found.items() if key in lines[arm]}
        for arm, found in keys.items()
    }
    return Judgements(items, metrics, texts, scores)


def shown_name(metric: str) -> str:
    """A metric as this project names it: more is better, and built-in and custom ones never share a name."""
    bare = f"{BUILTIN}{metric}" if metric in BARE_NAMES else metric
    if bare in ONE_IS_BAD:
        return f"1-{bare}"
    return bare if bare.startswith(BUILTIN) else f"{CUSTOM}{bare}"


def shown_metrics(judge: EvaluationJudge) -> list[str]:
    """The names of the run's metrics, in the order of its input."""
    return [shown_name(metric) for metric in (*judge.metrics, *(custom.name for custom in judge.custom))]


def read_judgements(lines: Iterable[bytes]) -> dict[AnswerKey, dict[str, float | None]]:
    """A job's output, by what was judged. An unreadable line is passed over: its item counts as missing."""
    found: dict[AnswerKey, dict[str, float | None]] = {}
    for line in lines:
        try:
            read = _decode(line)
        except msgspec.DecodeError:
            continue
        responses = read.model_responses or read.input_record.model_responses
        if responses and "response" in responses[0]:
            key = read_key(
                read.input_record.prompt, read.input_record.reference_response, str(responses[0]["response"])
            )
            scores = read.automated_evaluation_result.get("scores", [])
            found.setdefault(key, {}).update((shown_name(score.metric_name), _value(score)) for score in scores)
    return found


def _value(score: _Score) -> float | None:
    try:
        value = None if score.result is None else float(score.result)
    except ValueError:
        return None
    if value is None or not 0 <= value <= 1:
        return None
    return 1 - value if shown_name(score.metric_name).startswith("1-") else value


def judged_scores(given: Judgements) -> dict[str, dict[str, dict[str, float]]]:
    """Metric -> arm -> prompt id -> score, 0 for an unanswered item; an arm of which nothing was judged is left out."""
    return {
        metric: {arm: scores for arm in given.texts if (scores := _scores(given, arm, metric))}
        for metric in given.metrics
    }


def _scores(given: Judgements, arm: str, metric: str) -> dict[str, float]:
    found = {item.prompt_id: score for item in given.items if (score := given.score(arm, item, metric)) is not None}
    unanswered = {item.prompt_id: 0.0 for item in given.items if item.prompt_id not in given.texts[arm]}
    return found | unanswered if found else {}


def judged_arms(given: Judgements) -> dict[str, dict[str, JudgedArm]]:
    """Arm -> metric -> how it came out."""
    return {arm: {metric: _outcome(given, arm, metric) for metric in given.metrics} for arm in given.texts}


def _outcome(given: Judgements, arm: str, metric: str) -> JudgedArm:
    answered = [item for item in given.items if item.prompt_id in given.texts[arm]]
    scored = sum(given.score(arm, item, metric) is not None for item in answered)
    missing = sum(item.prompt_id not in given.scores[arm] for item in answered)
    return JudgedArm(
        scored=scored,
        unscored=len(answered) - scored - missing,
        missing=missing,
        unanswered=len(given.items) - len(answered),
    )
