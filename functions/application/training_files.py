"""The training files of a student that is trained several times, made from the dataset's. Needs the layer `curation`:
the answers of a candidate with another policy are reduced anew.
"""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from application.arm_files import known_prompts, training_lines, write_repeat
from application.run_files import read_run, read_wave, replies_to
from distillation.bedrock.limits import MIN_SAMPLES
from distillation.bedrock.training_lines import conversation_line
from distillation.errors import NotEnoughExamples
from distillation.inference.samples import by_prompt
from distillation.layout import RunLayout
from distillation.records import Arm, Prompt, PromptKey
from distillation.run.record import RunRecord
from distillation.run.training import CandidateSetting, examples_of
from distillation.training.choice import first_trainings, lines_by_hash, setting_of
from gateways.store import Store

TRAIN = "train.jsonl"


def arms_to_train(store: Store, run_id: str) -> list[str]:
    """The arms to train, each with its training files written. Call it when the dataset's own are there."""
    record = read_run(store, run_id)
    names = first_trainings(record.config.training)
    for name in names:
        setting = setting_of(record.config.training, name)
        if setting is not None:
            _write_candidate(store, record, name, setting)
        elif name not in (Arm.STUDENT, "student-1"):
            write_repeat(store, run_id, Arm.STUDENT, name)
    if record.config.arms.direct:
        from application.direct_files import write_direct_files  # noqa: PLC0415 - few runs ask for this arm

        write_direct_files(store, run_id)
        names.append(Arm.DIRECT)
    return names


def _write_candidate(store: Store, record: RunRecord, name: str, setting: CandidateSetting) -> None:
    layout, examples = RunLayout(record.run_id), record.config.examples
    other = examples_of(examples, setting)
    lines = store.lines(layout.dataset(TRAIN)) if other == examples else _lines_by(store, record, setting)
    if setting.max_examples is not None:
        lines = iter(lines_by_hash(lines, setting.max_examples, "examples"))
    written = [line.rstrip(b"\n") for line in lines]
    if len(written) < MIN_SAMPLES:
        raise NotEnoughExamples(
            f"training.candidates: {name} has {len(written)} training lines and a customization job takes at least "
            f"{MIN_SAMPLES}. Give more seeds, or another policy."
        )
    store.put_lines(layout.training_file(name, TRAIN), (line + b"\n" for line in written))


def _lines_by(store: Store, record: RunRecord, setting: CandidateSetting) -> Iterator[bytes]:
    """What another policy learns of the prompts in train.jsonl, from the same answers; of some prompts nothing."""
    from distillation.dataset.reduction import reduce_prompts  # noqa: PLC0415 - few candidates have another policy

    layout, config = RunLayout(record.run_id), record.config
    known = {one.question: one.prompt_id for one in known_prompts(store, record.run_id)}
    ids = {known[question] for question, _ in training_lines(store, layout.dataset(TRAIN))}
    other = replace(record, config=config.model_copy(update={"examples": examples_of(config.examples, setting)}))
    wave = read_wave(store, record.run_id, 0)
    for shard in range(wave.prompt_shards if wave else 0):
        every = list(store.records(layout.prompt_shard(shard), Prompt))
        prompts = [prompt for prompt in every if prompt.prompt_id in ids]
        found = replies_to(store, record, shard, len(every), {prompt.prompt_id for prompt in prompts})
        reduced = reduce_prompts(prompts, by_prompt(found.answers), other, _no_keys)
        for one in reduced.candidates:
            yield from (conversation_line(one.system, one.prompt, answer, one.earlier) for answer in one.answers)


def _no_keys(prompts: Sequence[Prompt]) -> list[PromptKey]:
    """No keys: the merge is over, so nothing is compared any more."""
    return [PromptKey(prompt_id=prompt.prompt_id, folded="") for prompt in prompts]
