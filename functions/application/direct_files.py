"""The direct arm's training files, from the student's and the seeds' references. Needs the layer `curation`."""

from collections.abc import Callable

from application.arm_files import known_prompts, training_lines
from application.run_files import read_prompts, read_run
from distillation.arms.direct import DirectCounts, direct_lines, references_of
from distillation.arms.few_shot import TrainingPrompt
from distillation.bedrock.limits import MIN_SAMPLES
from distillation.bedrock.training_lines import QuestionTexts
from distillation.dataset.filters.personal_data import redact
from distillation.errors import NotEnoughExamples
from distillation.layout import RunLayout
from distillation.records import Arm
from gateways.store import Store

FILES = ("train.jsonl", "validation.jsonl")


def write_direct_files(store: Store, run_id: str) -> dict[str, DirectCounts]:
    """Writes `5-dataset/direct/`: both training files and their counts.

    Raises NotEnoughExamples where fewer than 8 different prompts of train.jsonl have a usable reference.
    """
    record, layout = read_run(store, run_id), RunLayout(run_id)
    known: dict[QuestionTexts, TrainingPrompt] = {}
    for one in known_prompts(store, run_id):
        known.setdefault(one.question, one)
    lines = {name: [known[question] for question, _ in training_lines(store, layout.dataset(name))] for name in FILES}
    given = ((prompt.prompt_id, prompt.reference) for prompt in read_prompts(store, run_id))
    references = references_of(given, {one.prompt_id for taught in lines.values() for one in taught})
    redacted: Callable[[str], str] = redact if record.config.filters.personal_data == "redact" else str
    counts = dict[str, DirectCounts]()
    for name in FILES:
        written, counts[name] = direct_lines(lines[name], references, record.task, redacted)
        store.put_lines(layout.training_file(Arm.DIRECT, name), written)
    store.put_json(layout.training_file(Arm.DIRECT, "counts.json"), counts)
    train = counts["train.jsonl"]
    if train.prompts < MIN_SAMPLES:
        raise NotEnoughExamples(
            f"arms.direct: {train.prompts} prompts of train.jsonl have a usable reference and a customization job "
            f"takes at least {MIN_SAMPLES}; {train.prompts_without} have none. Give more references, or leave "
            "arms.direct out."
        )
    return counts
