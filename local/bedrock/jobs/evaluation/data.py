"""Reads the prompt dataset of an evaluation job whose answers were made before.

Bedrock user guide, "Create a prompt dataset for a model evaluation job that uses a model as judge".
"""

from typing import Any, NamedTuple

from local.bedrock.jobs.job import JobFailed
from local.bedrock.jobs.json_lines import json_object

MAX_PROMPTS = 1_000


class BadDataset(JobFailed):
    """The dataset breaks a rule; the message says where."""


class Answered(NamedTuple):
    """One line: a prompt, the answer to judge, the reference (empty: none), and the line as it came."""

    prompt: str
    answer: str
    reference: str
    record: dict[str, Any]


def read_dataset(data: bytes, source: str) -> list[Answered]:
    """Every line; blank ones are skipped. `source` is the job's inferenceSourceIdentifier. Raises BadDataset."""
    try:
        lines = [(number, line) for number, line in enumerate(data.decode("utf-8").split("\n"), 1) if line.strip()]
    except UnicodeDecodeError as error:
        raise BadDataset(f"The dataset is not UTF-8 text (byte {error.start}).") from error
    if not 1 <= len(lines) <= MAX_PROMPTS:
        raise BadDataset(
            f"The dataset has {len(lines)} prompts; a job takes 1 to {MAX_PROMPTS}. Split it over several jobs."
        )
    return [_line(line, f"Line {number} of the dataset", source) for number, line in lines]


def _line(text: str, where: str, source: str) -> Answered:
    try:
        record = json_object(text)
    except ValueError as error:
        raise BadDataset(f"{where} {error}.") from error
    prompt, reference = record.get("prompt"), record.get("referenceResponse", "")
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadDataset(f"{where} has no prompt.")
    if not isinstance(reference, str):
        raise BadDataset(f"{where}: referenceResponse must be a text.")
    return Answered(prompt, _answer(record.get("modelResponses"), where, source), reference, record)


def _answer(responses: Any, where: str, source: str) -> str:
    if not isinstance(responses, list) or len(responses) != 1 or not isinstance(responses[0], dict):
        raise BadDataset(f"{where} must have exactly one entry in modelResponses.")
    answer, identifier = responses[0].get("response"), responses[0].get("modelIdentifier")
    if not isinstance(answer, str):
        raise BadDataset(f"{where}: modelResponses[0].response must be a text.")
    if identifier != source:
        raise BadDataset(
            f"{where}: the modelIdentifier {identifier!r} is not the job's inferenceSourceIdentifier {source!r}."
        )
    return answer
