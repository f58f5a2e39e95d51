"""What the compared arms learn from the dataset's files."""

from collections.abc import Iterator

import msgspec

from application.run_files import read_prompts
from distillation.arms.direct import references_of, usable_reference
from distillation.arms.few_shot import FewShot, TrainingPrompt, learnt_prompts
from distillation.bedrock.training_lines import QuestionTexts, conversation_parts
from distillation.layout import RunLayout
from distillation.records import Record
from distillation.run.record import RunRecord
from distillation.task import TaskKind
from distillation.training.choice import repeated_lines
from gateways.store import Store


class _Key(msgspec.Struct, rename="camel"):
    prompt_id: str


class _Known(Record, frozen=True):
    """What is wanted of a candidate; its signature and its answers are not decoded."""

    key: _Key
    prompt: str
    system: str = ""
    category: str | None = None
    earlier: tuple[str, ...] = ()


def few_shot_of(store: Store, record: RunRecord) -> FewShot | None:
    """The examples of the few-shot arm, None where the input wants none."""
    count = record.config.arms.few_shot
    if count == 0:
        return None
    answers = taught(store, RunLayout(record.run_id).dataset("train.jsonl"))
    learnt = learnt_prompts(answers, known_prompts(store, record.run_id))
    gold = _gold(store, record, {one.prompt_id for one in learnt})
    right = (
        msgspec.structs.replace(one, answers=(gold[one.prompt_id],)) if one.prompt_id in gold else one for one in learnt
    )
    return FewShot(right, count, record.task)


def _gold(store: Store, record: RunRecord, wanted: set[str]) -> dict[str, str]:
    """Prompt id -> the seed's usable reference; none of free form where answers are redacted, as references are not."""
    if record.config.filters.personal_data == "redact" and record.task.kind is not TaskKind.LABEL:
        return {}
    references = references_of(((one.prompt_id, one.reference) for one in read_prompts(store, record.run_id)), wanted)
    usable = ((prompt_id, usable_reference(text, record.task)) for prompt_id, text in references.items())
    return {prompt_id: answer for prompt_id, answer in usable if answer is not None}


def taught(store: Store, key: str) -> dict[QuestionTexts, list[str]]:
    """Question -> the answers that a training file teaches for it, in the order of the file."""
    found: dict[QuestionTexts, list[str]] = {}
    for question, answer in training_lines(store, key):
        found.setdefault(question, []).append(answer)
    return found


def training_lines(store: Store, key: str) -> Iterator[tuple[QuestionTexts, str]]:
    """Question and answer of each line of a training file; empty where there is none."""
    return map(conversation_parts, store.lines(key))


def known_prompts(store: Store, run_id: str) -> Iterator[TrainingPrompt]:
    """The prompt of every candidate as it is trained on (redacted where wanted), under the id of the asked prompt."""
    for one in store.records_below(RunLayout(run_id).candidates_prefix, _Known, named="shard-"):
        yield TrainingPrompt(
            prompt_id=one.key.prompt_id,
            system=one.system,
            prompt=one.prompt,
            answers=(),
            category=one.category,
            earlier=one.earlier,
        )


def write_repeat(store: Store, run_id: str, of: str, name: str) -> None:
    """Writes what the training `name` learns: another order and 90 % of the lines of the training `of`."""
    layout = RunLayout(run_id)
    lines = list(store.lines(layout.training_file(of, "train.jsonl")))
    store.put_lines(layout.training_file(name, "train.jsonl"), (line + b"\n" for line in repeated_lines(lines, name)))
