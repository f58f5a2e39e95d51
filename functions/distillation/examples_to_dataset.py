"""Examples -> dataset: split by content, duplicates and overlaps out, conversation lines, manifest.

The side of a prompt is a function of its own text alone, fixed before anything is trained: in every run the same seed lands on the same side.
"""

import hashlib
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from distillation.errors import NotEnoughExamples
from distillation.record_lines import encode_line
from distillation.records import Example, HoldoutItem, Prompt, Record, RejectedExample
from distillation.training_limits import MAX_SAMPLES, MIN_SAMPLES


class Side(StrEnum):
    """Where a prompt goes."""

    TRAIN = "train"
    VALIDATION = "validation"
    HOLDOUT = "holdout"


class SplitPlan(Record, frozen=True):
    """Shares of the prompts (0 to 1): `holdout_share` of all is never trained on, `validation_share` of the rest is not trained on but watched."""

    holdout_share: float
    validation_share: float


class Dataset(Record, frozen=True):
    """What is trained on, what is watched, and what made it into neither."""

    train: list[Example]
    validation: list[Example]
    rejected: list[RejectedExample]


class DatasetFile(Record, frozen=True):
    """A file of the dataset in the manifest: lines, bytes and the sha256 of its content."""

    lines: int
    bytes: int
    sha256: str


class Manifest(Record, frozen=True):
    """`5-dataset/manifest.json`. prompts = holdout + examples + examples_rejected; examples = train + validation."""

    run_id: str
    dataset: str
    counts: Mapping[str, int]
    rejected_by_reason: Mapping[str, int]
    files: Mapping[str, DatasetFile]
    split: SplitPlan


def side_of(prompt_id: str, plan: SplitPlan) -> Side:
    """The side of a prompt: its id, hashed to a number in [0, 1), against the shares. Adding seeds moves no other seed."""
    point = int.from_bytes(hashlib.sha256(f"side:{prompt_id}".encode()).digest()[:6], "big") / 2**48
    if point < plan.holdout_share:
        return Side.HOLDOUT
    rest = (point - plan.holdout_share) / (1 - plan.holdout_share)
    return Side.VALIDATION if rest < plan.validation_share else Side.TRAIN


def holdout_item(prompt: Prompt) -> HoldoutItem:
    """A prompt as an item of the holdout."""
    return HoldoutItem(prompt_id=prompt.prompt_id, prompt=prompt.prompt, system=prompt.system, reference=prompt.reference, category=prompt.category)


def assemble(holdout: Iterable[HoldoutItem], made: Iterable[Example | RejectedExample], plan: SplitPlan) -> Dataset:
    """Sorts what `answers_to_examples` made into train and validation.

    Out go, each with its reason: a prompt that reads the same as one of the holdout, or as an earlier one, but for case and white space; and what is over
    Bedrock's 20,000 samples (the least agreed on first).

    Raises:
        NotEnoughExamples: fewer than 8 training examples are left (Amazon Nova user guide).
    """
    held = {_folded(item.system, item.prompt) for item in holdout}
    seen: set[str] = set()
    kept: list[Example] = []
    rejected: list[RejectedExample] = []
    for item in made:
        verdict = item if isinstance(item, RejectedExample) else _duplicate(item, held, seen)
        if verdict is None and isinstance(item, Example):
            kept.append(item)
        elif verdict is not None:
            rejected.append(verdict)
    kept, over = _cap(kept)
    sides = {e.prompt_id: side_of(e.prompt_id, plan) for e in kept}
    train = [e for e in kept if sides[e.prompt_id] is not Side.VALIDATION]
    if len(train) < MIN_SAMPLES:
        raise NotEnoughExamples(_too_few(len(train), rejected + over))
    return Dataset(train=train, validation=[e for e in kept if sides[e.prompt_id] is Side.VALIDATION], rejected=rejected + over)


def conversation_line(example: Example) -> bytes:
    """An example in the form bedrock-conversation-2024 (Amazon Nova user guide, preparing data for fine-tuning understanding models)."""
    line: dict[str, object] = {"schemaVersion": "bedrock-conversation-2024"}
    if example.system:
        line["system"] = [{"text": example.system}]
    line["messages"] = [{"role": "user", "content": [{"text": example.prompt}]}, {"role": "assistant", "content": [{"text": example.answer}]}]
    return encode_line(line)


def conversation_texts(line: bytes) -> list[str]:
    """The texts of a conversation line that a model reads: system, prompt, answer."""
    conversation = json.loads(line)
    turns = [block for message in conversation["messages"] for block in message["content"]]
    return [block["text"] for block in conversation.get("system", []) + turns]


def describe_file(lines: Iterable[bytes]) -> DatasetFile:
    """Counts and hashes a file's lines."""
    digest, count, size = hashlib.sha256(), 0, 0
    for line in lines:
        digest.update(line)
        count, size = count + 1, size + len(line)
    return DatasetFile(lines=count, bytes=size, sha256=digest.hexdigest())


def reasons(rejected: Iterable[RejectedExample]) -> dict[str, int]:
    """How many were rejected for each reason."""
    return dict(sorted(Counter(r.reason for r in rejected).items()))


def _folded(system: str, prompt: str) -> str:
    return "\x1f".join(" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in (system, prompt))


def _duplicate(example: Example, held: set[str], seen: set[str]) -> RejectedExample | None:
    key = _folded(example.system, example.prompt)
    if key in held:
        return RejectedExample(prompt_id=example.prompt_id, reason="duplicate_of_holdout", detail="reads the same as a holdout prompt")
    if key in seen:
        return RejectedExample(prompt_id=example.prompt_id, reason="duplicate", detail="reads the same as an earlier prompt")
    seen.add(key)
    return None


def _cap(kept: list[Example]) -> tuple[list[Example], list[RejectedExample]]:
    if len(kept) <= MAX_SAMPLES:
        return kept, []
    best = {e.prompt_id for e in sorted(kept, key=lambda e: (-e.agreement, e.prompt_id))[:MAX_SAMPLES]}
    over = [
        RejectedExample(prompt_id=e.prompt_id, reason="over_sample_limit", detail=f"a job takes {MAX_SAMPLES} samples") for e in kept if e.prompt_id not in best
    ]
    return [e for e in kept if e.prompt_id in best], over


def _too_few(count: int, rejected: list[RejectedExample]) -> str:
    counted = ", ".join(f"{reason} {n}" for reason, n in reasons(rejected).items()) or "none"
    return (
        f"{count} training examples are left and a customization job takes at least {MIN_SAMPLES}. Rejected: {counted} (5-dataset/rejected.jsonl). "
        "Give more seeds, or a smaller split.holdoutShare."
    )


def card_lines(manifest: Manifest, task: str, teacher: str) -> Iterator[str]:
    """`card.md`: what a person needs to know about the dataset before using it."""
    yield f"# Dataset {manifest.dataset}, run {manifest.run_id}\n"
    yield f"Answers of `{teacher}` to the prompts of `{manifest.dataset}`; task: {task}.\n"
    yield "| file | lines | bytes | sha256 |\n|---|---:|---:|---|"
    yield from (f"| {name} | {file.lines} | {file.bytes} | `{file.sha256}` |" for name, file in sorted(manifest.files.items()))
    yield "\n| counted | records |\n|---|---:|"
    yield from (f"| {name} | {count} |" for name, count in manifest.counts.items())
    yield "\n| rejected because of | prompts |\n|---|---:|"
    yield from (f"| {reason} | {count} |" for reason, count in manifest.rejected_by_reason.items())
    yield "\nThe holdout is fixed by a hash of each prompt's own text and is never trained on.\n"
