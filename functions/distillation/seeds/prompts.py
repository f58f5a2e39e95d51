"""From seeds to prompts: duplicates set aside, the task resolved, its instruction put behind the seed's system text.
References are compared with each other and with given labels; none reaches a request or a training line.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from distillation.instructions import label_system
from distillation.layout import RunLayout
from distillation.records import Prompt, RejectedSeed, Seed
from distillation.run.config import RunConfig
from distillation.seeds.formats import shown
from distillation.seeds.reader import SeedReader
from distillation.seeds.tally import SeedTally
from distillation.seeds.task_evidence import TaskEvidence
from distillation.task import Task, TaskKind, canonical_answer

ID_BYTES = 10


def prompt_id(system: str, prompt: str, earlier: Sequence[str] = ()) -> str:
    """20 hexadecimal digits of the seed's own text, its turns included (NFC, stripped): the same in every run."""
    return _digest(system, *earlier, prompt).hex()


def prompts_of(seeds: Iterable[Seed], task: Task) -> Iterator[Prompt]:
    """One prompt a seed, in the order of the seeds."""
    for seed in seeds:
        yield Prompt(
            prompt_id=prompt_id(seed.system, seed.prompt, seed.earlier),
            prompt=seed.prompt,
            seed_id=seed.seed_id,
            system=full_system(seed.system, task),
            reference=seed.reference,
            category=seed.category,
            group=seed.group,
            earlier=seed.earlier,
        )


def full_system(own: str, task: Task) -> str:
    """A seed's own system text with the task's instruction behind it."""
    return "\n\n".join(filter(None, (own, _instruction(task))))


def own_system(system: str, task: Task) -> str:
    """The seed's own part of a full system text, which `prompt_id` is a hash of."""
    instruction = _instruction(task)
    return system.removesuffix(instruction).removesuffix("\n\n") if instruction else system


def _instruction(task: Task) -> str:
    return label_system(task.labels) if task.kind is TaskKind.LABEL else ""


class SeedIntake:
    """From the seed files of one run to its prompts: reads, checks, drops duplicates, counts, resolves the task."""

    def __init__(self, config: RunConfig) -> None:
        self._config = config
        self._reader = SeedReader(config.prompt_template)
        self._tally = SeedTally()
        self._evidence = TaskEvidence(config.task)
        self._references: dict[bytes, int] = {}
        self._given = Task(kind=TaskKind.LABEL, labels=config.task.labels) if config.task.labels else None

    def read(self, key: str, chunks: Iterable[bytes]) -> Iterator[Seed | RejectedSeed]:
        """The outcomes of one file, one a seed, in order. Read the files in a fixed order: the first of duplicates
        stays.
        """
        for outcome in self._reader.read(key, chunks):
            yield self._counted((isinstance(outcome, Seed) and self._set_aside(outcome)) or outcome)

    def check(self) -> None:
        """Call it when all files are read. Raises InvalidInput where the run cannot go on with these seeds."""
        key = RunLayout(self._config.run_id).rejected_seeds
        self._tally.check_share(self._config.max_rejected_seed_share, dataset=self._config.dataset, rejected_key=key)

    def resolve_task(self) -> Task:
        """The task of the run. Raises InvalidInput where kind `label` has no labels."""
        return self._evidence.resolve()

    def counts(self, prompts: int) -> dict[str, int]:
        """The counts of run.json. Raises RecordsLost where seedsIn is not seeds + seedsRejected."""
        self._tally.check_complete(self._reader.records)
        return {
            "seedsIn": self._reader.records,
            "seeds": self._tally.seeds,
            "seedsRejected": self._tally.rejected,
            "prompts": prompts,
        }

    def _counted(self, outcome: Seed | RejectedSeed) -> Seed | RejectedSeed:
        self._tally.observe(outcome)
        if isinstance(outcome, Seed):
            self._evidence.observe(outcome)
        return outcome

    def _set_aside(self, seed: Seed) -> RejectedSeed | None:
        if self._given and seed.reference is not None and canonical_answer(seed.reference, self._given) is None:
            expected = f"one of task.labels: {' | '.join(self._given.labels)}"
            return _rejected(seed, "reference", "reference_not_a_label", shown(seed.reference), expected)
        digest, reference = _digest(seed.system, *seed.earlier, seed.prompt), hash(seed.reference)
        first = self._references.get(digest)
        if first is None:
            self._references[digest] = reference
            return None
        if first != reference:
            expected = "the reference of the first seed with this prompt and system text"
            return _rejected(
                seed, "reference", "duplicate_conflicting_reference", shown(seed.reference or ""), expected
            )
        return _rejected(
            seed, "prompt", "duplicate", shown(seed.prompt), "a prompt and system text that no seed before it has"
        )


def _rejected(seed: Seed, field: str, reason: str, found: str, expected: str) -> RejectedSeed:
    return RejectedSeed(file=seed.file, line=seed.line, field=field, reason=reason, found=found, expected=expected)


def _digest(*texts: str) -> bytes:
    return hashlib.sha256("\0".join(map(_normal, texts)).encode()).digest()[:ID_BYTES]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()
