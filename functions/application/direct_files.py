"""The direct arm's training files, from the student's and the seeds' references.

Needs the layer `curation`: references are redacted as prompts are.
"""

from collections.abc import Iterator

from application.arm_files import known_prompts, training_lines
from application.run_files import read_prompts, read_run
from distillation.arms.direct import DirectCounts, direct_lines, references_of
from distillation.arms.few_shot import TrainingPrompt
from distillation.bedrock.limits import MIN_SAMPLES
from distillation.bedrock.training_lines import Question
from distillation.dataset.filters.personal_data import redact
from distillation.errors import NotEnoughExamples
from distillation.layout import RunLayout
from distillation.records import Arm
from distillation.run.record import RunRecord
from gateways.store import Store

FILES = ("train.jsonl", "validation.jsonl")


def write_direct_files(store: Store, run_id: str) -> dict[str, DirectCounts]:
    """Writes `5-dataset/direct/`: both training files and their counts.

    Raises:
        NotEnoughExamples: fewer than 8 different prompts of train.jsonl have a usable reference.
    """
    record, layout = read_run(store, run_id), RunLayout(run_id)
    known: dict[Question, TrainingPrompt] = {}
    for one in known_prompts(store, run_id):
        known.setdefault(one.question, one)
    lines = {name: [known[question] for question, _ in training_lines(store, layout.dataset(name))] for name in FILES}
    references = references_of(
        _references(store, run_id), {one.prompt_id for taught in lines.values() for one in taught}
    )
    counts = {
        name: _write(store, layout.training_file(Arm.DIRECT, name), lines[name], references, record) for name in FILES
    }
    store.put_json(layout.training_file(Arm.DIRECT, "counts.json"), counts)
    train = counts["train.jsonl"]
    if train.prompts < MIN_SAMPLES:
        raise NotEnoughExamples(
            f"arms.direct: {train.prompts} prompts of train.jsonl have a usable reference and a customization job "
            f"takes at least {MIN_SAMPLES}; "
            f"{train.prompts_without} have none. Give more references, or leave arms.direct out."
        )
    return counts


def _references(store: Store, run_id: str) -> Iterator[tuple[str, str | None]]:
    return ((prompt.prompt_id, prompt.reference) for prompt in read_prompts(store, run_id))


def _write(
    store: Store, key: str, taught: list[TrainingPrompt], references: dict[str, str], record: RunRecord
) -> DirectCounts:
    redacts = record.config.filters.personal_data == "redact"
    lines, counts = direct_lines(taught, references, record.task, redact if redacts else str)
    store.put_lines(key, lines)
    return counts
