"""Reads the input of a batch job: files below a URI, one record a line, within the documented limits."""

from typing import Any, NamedTuple

from local.bedrock.aws_clients import Storage, StoredObject
from local.bedrock.identifiers import short_id
from local.bedrock.jobs.job import JobFailed
from local.bedrock.jobs.json_lines import json_object

MIN_RECORDS, MAX_RECORDS = 100, 50_000
MAX_FILE_BYTES = 1024**3


class BadBatchInput(JobFailed):
    """The input breaks a rule."""


class Record(NamedTuple):
    """One line. `model_input` as it came; `problem` says what is wrong with the record itself."""

    record_id: str
    model_input: Any
    problem: str | None = None


class InputFile(NamedTuple):
    """One input file; `name` is its key below the job's input URI and ends with .jsonl."""

    name: str
    records: list[Record]


def read_input(storage: Storage, uri: str) -> list[InputFile]:
    """Every .jsonl file at or below `uri`.

    Raises BadBatchInput where a limit is broken and StorageError where S3 refuses.
    """
    objects = [item for item in storage.listing(uri) if item.name.endswith(".jsonl")]
    if not objects:
        raise BadBatchInput(f"No .jsonl file was found at {uri}. Check the input URI.")
    for item in objects:
        if item.size > MAX_FILE_BYTES:
            raise BadBatchInput(f"{item.name} has {item.size} bytes, more than the maximum of {MAX_FILE_BYTES} a file.")
    files = [InputFile(item.name, _records(storage.read(f"s3://{item.bucket}/{item.key}"), item)) for item in objects]
    _check_counts(files)
    return files


def _records(data: bytes, item: StoredObject) -> list[Record]:
    lines = [(number, line) for number, line in enumerate(data.decode("utf-8-sig").split("\n"), 1) if line.strip()]
    return [_record(line, f"{item.name} line {number}", short_id(item.key, str(number))[:11]) for number, line in lines]


def _record(line: str, where: str, generated_id: str) -> Record:
    try:
        document = json_object(line)
    except ValueError as error:
        raise BadBatchInput(f"{where} {error}. Correct the file and submit a new job.") from error
    record_id, model_input = str(document.get("recordId") or generated_id).strip(), document.get("modelInput")
    return Record(
        record_id, model_input, None if isinstance(model_input, dict) else "The record has no modelInput object."
    )


def _check_counts(files: list[InputFile]) -> None:
    total = sum(len(file.records) for file in files)
    if total < MIN_RECORDS:
        raise BadBatchInput(f"Batch job contains less records ({total}) than the required minimum of: {MIN_RECORDS}")
    if total > MAX_RECORDS:
        raise BadBatchInput(f"Batch job contains more records ({total}) than the maximum of: {MAX_RECORDS}")
    ids = [record.record_id for file in files for record in file.records]
    if len(set(ids)) < len(ids):
        repeated = sorted({record_id for record_id in ids if ids.count(record_id) > 1}) if len(ids) <= 1_000 else []
        raise BadBatchInput(
            f"Batch job contains duplicate record ids: {repeated[:10] or len(ids) - len(set(ids))}. Give each record "
            "its own recordId."
        )
