"""A proof's files against the readers of the product."""

import csv
import json
from pathlib import Path
from typing import Any

from cli.account.assumptions import ASSUMPTIONS
from cli.account.samples import METRIC
from distillation.bedrock.job_status import JobKind, JobOutcome, outcome_of
from distillation.inference.replies import read_reply
from distillation.judging.scores import read_judgements
from distillation.records import Answer


def replay(folder: Path) -> None:
    """Fails where a reader of the product cannot take what AWS wrote."""
    findings = json.loads((folder / "findings.json").read_text())
    assert {finding["assumption"] for finding in findings} <= ASSUMPTIONS.keys()
    lines = (folder / "batch/replies.jsonl").read_bytes().splitlines()
    assert lines and all(isinstance(read_reply(line), Answer) for line in lines)
    judged = read_judgements((folder / "evaluation/output.jsonl").read_bytes().splitlines())
    assert judged and all(f"Custom.{METRIC.name}" in scores for scores in judged.values())
    rows = list(csv.DictReader((folder / "tuning/step_wise_training_metrics.csv").read_text().splitlines()))
    assert rows and all(float(row["training_loss"]) >= 0 and float(row["step_number"]) >= 0 for row in rows)
    for event in json.loads((folder / "events/events.json").read_text()):
        detail = event["detail"]
        batch = event["detail-type"].startswith("Batch")
        assert detail["batchJobName" if batch else "jobName"]
        outcome_of(JobKind.BATCH if batch else JobKind.TUNING, detail["status" if batch else "jobStatus"])
    last = answers(folder, "batch", "GetModelInvocationJob")[-1]
    assert outcome_of(JobKind.BATCH, last["status"]) is JobOutcome.SUCCEEDED


def answers(folder: Path, step: str, operation: str) -> list[dict[str, Any]]:
    """What AWS answered to an operation in a step."""
    heard = json.loads((folder / step / "answers.json").read_text())
    return [one["answer"] for one in heard if one["operation"] == operation]
