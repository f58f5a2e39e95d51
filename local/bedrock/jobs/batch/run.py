"""Runs a batch job through its states, in a thread of its own."""

import json
import random
from typing import Any

from local.bedrock import catalog
from local.bedrock.job_faults import hit
from local.bedrock.jobs.batch.answers import WIRES, Asked, Outcome, answer_records
from local.bedrock.jobs.batch.job import BatchJob
from local.bedrock.jobs.batch.records import InputFile, read_input
from local.bedrock.jobs.job import JobFailed, run_to_its_end
from local.bedrock.models.conversation import Model
from local.bedrock.services import Services

_ENDINGS = {
    "partiallyCompleted": (
        "PartiallyCompleted",
        "Some records were not processed. Submit a new job with the records that have no output.",
    ),
    "expired": ("Expired", "The job timed out before all records were processed."),
    "stopped": ("Stopped", "The job was stopped by the service."),
}


def run(job: BatchJob, model: Model, services: Services) -> None:
    """From Submitted to a terminal state; never raises."""
    run_to_its_end(job, lambda: _run(job, model, services), stopped="The job was stopped before it began.")


def _run(job: BatchJob, model: Model, services: Services) -> None:
    job.stay(services.state_seconds)
    _enter(job, "Validating", services)
    files = read_input(services.aws.storage, job.request["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
    job.total = sum(len(file.records) for file in files)
    failed = job.faults.get("failed")
    if failed:
        raise JobFailed(failed.message)
    _enter(job, "Scheduled", services)
    _enter(job, "InProgress", services)
    _work(job, files, model, services)


def _enter(job: BatchJob, status: str, services: Services) -> None:
    """Enter a state and let it last. Raises JobStopped."""
    job.check_stop()
    job.move(status)
    job.stay(services.state_seconds)


def _work(job: BatchJob, files: list[InputFile], model: Model, services: Services) -> None:
    slow = job.faults.get("slowJob")
    left_out = _left_out(job, files)
    injected = _injected_errors(job, files)
    at_once = hit(_ids(files), slow.share, job.job_id) if slow else set(_ids(files))
    foundation = catalog.text_model(job.request["modelId"], job.region)
    wire = WIRES[job.request.get("modelInvocationType", "InvokeModel")]
    for file in files:
        outcomes: list[Outcome] = []

        def done(outcome: Outcome, outcomes: list[Outcome] = outcomes) -> None:
            outcomes.append(outcome)
            _count(job, outcome)

        kept = [record for record in file.records if record.record_id not in left_out]
        asked = Asked(foundation, model, wire, injected, job.stop)
        answer_records([record for record in kept if record.record_id in at_once], asked, done)
        job.stop.wait(job.faults.delay)
        answer_records([record for record in kept if record.record_id not in at_once], asked, done)
        _write(job, file, outcomes, services)
    services.aws.storage.write(f"{_output_folder(job)}/manifest.json.out", json.dumps(job.manifest()))
    job.move(*_ending(job))


def _ending(job: BatchJob) -> tuple[str, str | None]:
    if job.stop.is_set():
        return "Stopped", "The job was stopped. Records that were processed have their output."
    return next((ending for kind, ending in _ENDINGS.items() if job.faults.get(kind)), ("Completed", None))


def _left_out(job: BatchJob, files: list[InputFile]) -> set[str]:
    """The records that a fault leaves without output."""
    fault = next((job.faults.get(kind) for kind in _ENDINGS if job.faults.get(kind)), None)
    return hit(_ids(files), fault.share, job.job_id) if fault else set()


def _injected_errors(job: BatchJob, files: list[InputFile]) -> dict[str, tuple[int, str]]:
    fault = job.faults.get("recordErrors")
    return (
        dict.fromkeys(hit(_ids(files), fault.share, job.job_id), (fault.error_code, fault.error_message))
        if fault
        else {}
    )


def _ids(files: list[InputFile]) -> list[str]:
    return [record.record_id for file in files for record in file.records]


def _count(job: BatchJob, outcome: Outcome) -> None:
    with job.lock:
        job.errors += outcome.failed
        job.succeeded += not outcome.failed
        job.input_tokens += outcome.input_tokens
        job.output_tokens += outcome.output_tokens


def _write(job: BatchJob, file: InputFile, outcomes: list[Outcome], services: Services) -> None:
    """The output file, in an order that only depends on the job: Bedrock promises none."""
    ordered = sorted(outcomes, key=lambda outcome: str(outcome.line["recordId"]))
    random.Random(job.job_id).shuffle(ordered)
    fault = job.faults.get("brokenLines")
    broken = hit([str(outcome.line["recordId"]) for outcome in ordered], fault.share, job.job_id) if fault else set()
    outputs = [outcome.line for outcome in ordered]
    if job.faults.get("oddLines"):
        outputs[:6] = _odd(outputs[:6])
    written = ((str(output["recordId"]), json.dumps(output, ensure_ascii=False)) for output in outputs)
    lines = "".join((line[: len(line) // 2] if record_id in broken else line) + "\n" for record_id, line in written)
    services.aws.storage.write(f"{_output_folder(job)}/{file.name}.out", lines)


def _odd(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Six lines in forms that Bedrock's documents do not rule out: one without a count, an error by its name, a record
    of which nothing is said, a foreign id, and two whose ids were swapped.
    """
    uncounted, busy, bare, foreign, one, other = lines
    return [
        uncounted | {"modelOutput": uncounted["modelOutput"] | {"usage": None}},
        {
            "recordId": busy["recordId"],
            "error": {"errorCode": "ThrottlingException", "errorMessage": "Too many requests."},
        },
        {"recordId": bare["recordId"]},
        foreign | {"recordId": f"foreign-{foreign['recordId']}"},
        one | {"recordId": other["recordId"]},
        other | {"recordId": one["recordId"]},
    ]


def _output_folder(job: BatchJob) -> str:
    return f"{job.request['outputDataConfig']['s3OutputDataConfig']['s3Uri'].rstrip('/')}/{job.job_id}"
