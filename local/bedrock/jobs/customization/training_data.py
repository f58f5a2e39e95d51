"""Reads a customization file and keeps every documented rule of a training line (Amazon Nova user guide, fine-tuning
data preparation).
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.bedrock.jobs.job import JobFailed
from local.bedrock.jobs.json_lines import json_object
from local.bedrock.models.conversation import Conversation, Turn

SCHEMA_VERSION = "bedrock-conversation-2024"
MIN_SAMPLES, MAX_SAMPLES = 8, 20_000
# aws-samples/amazon-bedrock-samples, custom-models/on_demand_inference: "Validation dataset: Maximum 1,000 records".
MAX_VALIDATION_SAMPLES = 1_000
MAX_SAMPLE_TOKENS = 32_000
# Any case, anywhere in a text; one of them fails the whole job.
RESERVED_WORDS = ("User:", "Bot:", "Assistant:", "System:", "Thought:", "<image>", "<video>", "<unk>", "[EOS]")
_RESERVED = re.compile("|".join(map(re.escape, RESERVED_WORDS)), re.IGNORECASE)
# No tokenizer of Nova is public: a word of English is about 1.3 tokens, so four characters a token is the usual
# estimate.
_CHARACTERS_A_TOKEN = 4


class BadTrainingData(JobFailed):
    """The file cannot be trained on. The message says which line and why."""


class Example(NamedTuple):
    """A conversation up to its last user turn, and the response to learn."""

    conversation: Conversation
    response: str


class Line(NamedTuple):
    """A line whose own form is right: the blocks of its system text, its turns, and what to call it in a message."""

    system: list[str]
    turns: tuple[Turn, ...]
    where: str


def read_examples(data: bytes, file: str) -> list[Example]:
    """Every line of `data` as an example; blank lines are skipped. Raises BadTrainingData at the first broken rule."""
    return [_example(line) for line in read_lines(data, file)]


def check_sample_count(training: int, validation: int) -> None:
    """Raise BadTrainingData where the samples are too few or too many."""
    if training < MIN_SAMPLES:
        raise BadTrainingData(
            f"The training data has {training} samples, less than the required minimum of {MIN_SAMPLES}."
        )
    if 0 < validation < MIN_SAMPLES:
        raise BadTrainingData(
            f"The validation data has {validation} samples, less than the required minimum of {MIN_SAMPLES}."
        )
    if validation > MAX_VALIDATION_SAMPLES:
        raise BadTrainingData(
            f"The validation data has {validation} samples, more than the maximum of {MAX_VALIDATION_SAMPLES}."
        )
    if training + validation > MAX_SAMPLES:
        raise BadTrainingData(
            f"Training and validation data have {training + validation} samples, more than the maximum of "
            f"{MAX_SAMPLES}."
        )


def read_lines(data: bytes, file: str) -> Iterator[Line]:
    """Every line of `data`; blank ones are skipped. Raises BadTrainingData for what no kind of customization takes."""
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadTrainingData(f"{file} is not UTF-8 text (byte {error.start}).") from error
    return (_line(line, f"{file} line {number}") for number, line in enumerate(lines, 1) if line.strip())


def reserved_word(text: str) -> str | None:
    """The first reserved keyword in a text."""
    found = _RESERVED.search(text)
    return found.group() if found else None


def _example(line: Line) -> Example:
    roles = [turn.role for turn in line.turns]
    if len(roles) < 2:
        raise BadTrainingData(f"{line.where}: messages must hold at least a user and an assistant message.")
    if roles != ["user", "assistant"] * (len(roles) // 2):
        raise BadTrainingData(f"{line.where}: roles must alternate, user first and assistant last; found {roles}.")
    return Example(Conversation("\n".join(line.system), line.turns[:-1]), line.turns[-1].text)


def _line(text: str, where: str) -> Line:
    record = _object(text, where)
    if record.get("schemaVersion") != SCHEMA_VERSION:
        raise BadTrainingData(f"{where}: schemaVersion must be {SCHEMA_VERSION}.")
    unknown = set(record) - {"schemaVersion", "system", "messages"}
    if unknown:
        raise BadTrainingData(f"{where}: unknown keys {sorted(unknown)}.")
    system, turns = _blocks(record.get("system", []), f"{where}: system"), _turns(record.get("messages"), where)
    _check_texts(["\n".join(system), *(turn.text for turn in turns)], where)
    return Line(system, turns, where)


def _object(text: str, where: str) -> dict[str, Any]:
    try:
        return json_object(text)
    except ValueError as error:
        raise BadTrainingData(f"{where} {error}.") from error


def _turns(messages: Any, where: str) -> tuple[Turn, ...]:
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise BadTrainingData(f"{where}: messages must be a list of messages.")
    return tuple(_turn(message, where) for message in messages)


def _turn(message: dict[str, Any], where: str) -> Turn:
    role = str(message.get("role"))
    blocks = _blocks(message.get("content"), f"{where}: {role}")
    if not blocks:
        raise BadTrainingData(f"{where}: {role} must be a list of blocks with a text.")
    return Turn(role, "\n".join(blocks))


def _blocks(blocks: Any, where: str) -> list[str]:
    if not isinstance(blocks, list) or not all(
        isinstance(block, dict) and set(block) == {"text"} and isinstance(block["text"], str) for block in blocks
    ):
        raise BadTrainingData(f"{where} must be a list of blocks with a text.")
    if any(not block["text"].strip() for block in blocks):
        raise BadTrainingData(f"{where} has an empty text.")
    return [block["text"] for block in blocks]


def _check_texts(texts: list[str], where: str) -> None:
    for text in texts:
        word = reserved_word(text)
        if word:
            raise BadTrainingData(
                f"{where}: the reserved keyword '{word}' must not appear in a prompt, system text or answer."
            )
    tokens = sum(map(len, texts)) // _CHARACTERS_A_TOKEN
    if tokens > MAX_SAMPLE_TOKENS:
        raise BadTrainingData(f"{where}: about {tokens} tokens, more than the maximum of {MAX_SAMPLE_TOKENS} a sample.")
