"""Runs an evaluation job: reads the dataset, scores every answer, writes what Bedrock writes.

Bedrock user guide, "Understand how the results of your model evaluation job are saved in Amazon S3".
"""

import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.bedrock import catalog
from local.bedrock.jobs.evaluation.custom_judge import custom_score
from local.bedrock.jobs.evaluation.data import Answered, read_dataset
from local.bedrock.jobs.evaluation.job import EvaluationJob
from local.bedrock.jobs.evaluation.judge import Meanings, Score, builtin_scores
from local.bedrock.jobs.evaluation.request import TASK_TYPE
from local.bedrock.jobs.job import run_to_its_end
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

# Users report this empty object: the service tries the role's right to write before it works.
_PERMISSION_CHECK = "amazon-bedrock-evaluations-permission-check"
_WORKERS = 8


def run(job: EvaluationJob, engines: dict[str, Model], services: Services) -> None:
    """From InProgress to a terminal state; never raises."""
    run_to_its_end(job, lambda: _run(job, engines, services))


def _run(job: EvaluationJob, engines: dict[str, Model], services: Services) -> None:
    job.stay(services.state_seconds)
    items = read_dataset(services.aws.storage.read(job.plan.dataset_uri), job.plan.source)
    services.aws.storage.write(f"{_job_folder(job)}/{_PERMISSION_CHECK}", "")
    job.meet_faults()

    meanings = Meanings(services.embedder)

    def line(item: Answered) -> dict[str, Any]:
        job.check_stop()
        return _line(item, _scores(item, job, engines, meanings), job)

    with ThreadPoolExecutor(_WORKERS) as pool:
        lines = list(pool.map(line, items))
    _write(job, lines, services)
    job.move("Completed")


def _scores(
    item: Answered, job: EvaluationJob, engines: dict[str, Model], meanings: Meanings
) -> list[tuple[str, Score]]:
    """Each score with the judge that it is of."""
    plan = job.plan
    scores = [(plan.judge or "", score) for score in builtin_scores(item, plan.metrics, meanings)]
    if not plan.custom or plan.custom_judge is None:
        return scores
    judge = engines[catalog.judge_model(plan.custom_judge, job.region).engine]
    return scores + [(plan.custom_judge, custom_score(item, metric, judge)) for metric in plan.custom]


def _line(item: Answered, scores: list[tuple[str, Score]], job: EvaluationJob) -> dict[str, Any]:
    shown = [
        {
            "metricName": score.metric,
            "result": score.result,
            "evaluatorDetails": [{"modelIdentifier": judge, "explanation": score.explanation}],
        }
        for judge, score in scores
    ]
    return {
        "automatedEvaluationResult": {"scores": shown},
        "inputRecord": item.record,
        "modelResponses": [{"response": item.answer, "modelIdentifier": job.plan.source}],
    }


def _write(job: EvaluationJob, lines: list[dict[str, Any]], services: Services) -> None:
    folder, storage = f"{_job_folder(job)}/{job.job_id}", services.aws.storage
    for metric in job.plan.custom:
        document = json.dumps({"customMetricDefinition": metric.definition}, ensure_ascii=False, indent=1)
        storage.write(f"{folder}/custom_metrics/{metric.name}.json", document)
    # No page of AWS says that the lines keep the dataset's order, so nobody may lean on it here.
    random.Random(job.job_id).shuffle(lines)
    name = f"{uuid.uuid5(uuid.NAMESPACE_URL, job.arn)}_output.jsonl"
    dataset = f"models/{job.plan.source}/taskTypes/{TASK_TYPE}/datasets/{job.plan.dataset_name}"
    storage.write(f"{folder}/{dataset}/{name}", "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def _job_folder(job: EvaluationJob) -> str:
    return f"{job.request['outputDataConfig']['s3Uri'].rstrip('/')}/{job.name}"
