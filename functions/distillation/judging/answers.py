"""Holdout and predictions -> the datasets of evaluation jobs, one arm a job, and the answers that are compared. Source:
Bedrock user guide, "Create a prompt dataset for a model evaluation job that uses a model as judge".
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from distillation.records import GREEDY_SAMPLE, LOST, HoldoutItem, Prediction, Record, dialogue
from distillation.run.evaluation import EvaluationJudge

MAX_PROMPTS = 1_000
"""A job with a judge takes at most so many prompts (user guide, "Prompt dataset requirements")."""
TASK_TYPE = "General"
"""What every AWS sample of an LLM-as-a-judge job says, though the service model's enum does not have it."""


class JudgingLine(Record, frozen=True, omit_defaults=True):
    """One line of a job's dataset: `7-evaluation/judge/<arm>/part-NN/dataset.jsonl`. Bedrock repeats it in a job's
    output. The one response holds `response` (made before) and `modelIdentifier` (whose it is).
    """

    prompt: str
    model_responses: tuple[dict[str, str], ...] = ()
    reference_response: str | None = None
    category: str | None = None


AnswerKey = tuple[str, str, str]
"""Prompt, reference, response: what identifies a line in Bedrock's output, whose order and ids nobody documents."""


def chosen_items(holdout: Iterable[HoldoutItem], most: int) -> list[HoldoutItem]:
    """At most `most` items in order of prompt id, chosen by its hash: the same ones in every run, for every arm."""
    ranked = sorted(holdout, key=lambda item: hashlib.sha256(f"judged {item.prompt_id}".encode()).digest())
    return sorted(ranked[:most], key=lambda item: item.prompt_id)


def texts_by_prompt(predictions: Iterable[Prediction]) -> dict[str, str]:
    """Prompt id -> the answer that is judged: an arm's greedy one, or its first sample where it has no greedy ones."""
    given = list(predictions)
    greedy = [one for one in given if one.sample == GREEDY_SAMPLE]
    found: dict[str, str] = {}
    for prediction in greedy or given:
        if prediction.text is not None and prediction.text.strip():
            found.setdefault(prediction.prompt_id, prediction.text)
    return found


def said_by_prompt(predictions: Iterable[Prediction]) -> dict[str, str | None]:
    """Prompt id -> the arm's answer, None where the model gave none; what the service lost is not there."""
    given = list(predictions)
    return {one.prompt_id: None for one in given if one.error not in LOST} | texts_by_prompt(given)


def judging_lines(items: Sequence[HoldoutItem], texts: Mapping[str, str], arm: str) -> list[JudgingLine]:
    """One line an answered item. The prompt holds the system text too: an evaluation job has no other place."""
    return [_line(item, texts[item.prompt_id], arm) for item in items if item.prompt_id in texts]


def parts(lines: Sequence[JudgingLine]) -> Iterator[Sequence[JudgingLine]]:
    """The lines in parts that a job takes."""
    return (lines[start : start + MAX_PROMPTS] for start in range(0, len(lines), MAX_PROMPTS))


def key_of(item: HoldoutItem, text: str) -> AnswerKey:
    """What the item's line is recognised by."""
    return read_key(_prompt_text(item), item.reference, text)


def read_key(prompt: str, reference: str | None, response: str) -> AnswerKey:
    """The same from a line's own texts. White space at their ends does not count."""
    return prompt.strip(), (reference or "").strip(), response.strip()


def _line(item: HoldoutItem, text: str, arm: str) -> JudgingLine:
    # An empty reference is none at all to the judge.
    reference = item.reference if item.reference and item.reference.strip() else None
    responses = ({"response": text, "modelIdentifier": arm},)
    return JudgingLine(
        prompt=_prompt_text(item), model_responses=responses, reference_response=reference, category=item.category
    )


def _prompt_text(item: HoldoutItem) -> str:
    return f"{item.system}\n\n{dialogue(item)}" if item.system else dialogue(item)


def judging_config(name: str, judge: EvaluationJudge, judge_model: str, dataset_uri: str) -> dict[str, Any]:
    """The `evaluationConfig.automated` of job `name`: `judge_model` on the lines at `dataset_uri`."""
    evaluator = {"bedrockEvaluatorModels": [{"modelIdentifier": judge_model}]}
    dataset = {
        "taskType": TASK_TYPE,
        "dataset": {"name": name, "datasetLocation": {"s3Uri": dataset_uri}},
        # Bedrock ignores a custom metric that is defined and not listed among the names.
        "metricNames": [*judge.metrics, *(metric.name for metric in judge.custom)],
    }
    config = {"datasetMetricConfigs": [dataset], "evaluatorModelConfig": evaluator}
    if judge.custom:
        custom = []
        for one in judge.custom:
            scale = [{"definition": said, "value": {"floatValue": value}} for said, value in one.scale.items()]
            definition = {"name": one.name, "instructions": one.instructions, "ratingScale": scale}
            custom.append({"customMetricDefinition": definition})
        config["customMetricConfig"] = {"customMetrics": custom, "evaluatorModelConfig": evaluator}
    return config
