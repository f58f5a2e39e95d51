"""Reply records with planted faults, as a batch job writes them: about 1.3 KB each, of which every count is known
beforehand.

Seeds and requests are made by the project's own PrepareRun and PlanRequests, so that record ids and shards are those of
production; the replies are made here. Words follow a Zipf-Mandelbrot distribution over 20,000 forms; answers have a
line a sentence, and half of them hold typographic characters. Near duplicates differ from their originals in the first
and the last word.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from benchmarks.replies.run_folder import NoHurry, folder_services
from cli.files.folder_store import FolderStore
from distillation.layout import RunLayout
from distillation.records import Prompt, encode_line
from distillation.run.config import Split
from distillation.seeds.split import Side, side_of
from handlers import plan_requests, prepare_run

RUN_ID, DATASET, SAMPLES = "bench-1", "bench", 4
LAYOUT = RunLayout(RUN_ID)
SHARD_RECORDS = 10_000
SYSTEM = "Answer the question. Show your work, then give the result."
SETTINGS: dict[str, Any] = {
    "dataset": DATASET,
    "runId": RUN_ID,
    "task": {"kind": "answer", "answerPattern": r"Answer: (\d+)"},
    "sampling": {"greedy": 1, "sampled": SAMPLES - 1},
    "batches": {"maxShardRecords": SHARD_RECORDS},
}
_SPLIT = Split(holdout_share=0.2, validation_share=0.1)
_ERRORS, _TRUNCATED, _NEAR_DUPLICATES, _RESERVED = 0.02, 0.03, 0.10, 0.01
_PROMPT_WORDS, _ANSWER_WORDS = (54, 77), (61, 89)
_SEED = 20_261_124
_MOST_FREQUENT = """
the of and to a in is that for it as was with be by on not he his but at are this have from or had an they which one you
were all her she there would their
we him been has when who will no more if out so up said what its about than into them can only other time new some could
these two may
"""
_SYLLABLES = [
    onset + vowel
    for onset in ("b", "ch", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "tr", "v")
    for vowel in "aeiou"
]


class Planted(NamedTuple):
    """What the records hold, exactly. `reserved`: prompts, all of whose answers hold a reserved word.

    `similarity.near_duplicates`: prompts that copy an earlier one.
    """

    prompts: int
    records: int
    errors: int
    truncated: int
    reserved: int
    near_duplicates: int


class Vocabulary:
    """Draws texts. The word of rank r has a weight of 1 / (r + 2.7) (Mandelbrot 1953); frequent words are short."""

    def __init__(self, size: int = 20_000) -> None:
        rng = np.random.default_rng(_SEED)
        words = dict.fromkeys(_MOST_FREQUENT.split())
        while len(words) < size:
            length = 2 + int(math.log10(len(words)) > 3) + int(rng.integers(2))
            words["".join(_SYLLABLES[i] for i in rng.integers(len(_SYLLABLES), size=length))] = None
        self._words = np.array(list(words), dtype=object)
        weights = 1 / (np.arange(size) + 2.7)
        self._bounds = np.cumsum(weights) / weights.sum()

    def words(self, rng: np.random.Generator, length: tuple[int, int]) -> list[str]:
        """Between `length[0]` and `length[1]` words, in sentences of twelve."""
        drawn = self._bounds.searchsorted(rng.random(int(rng.integers(*length))))
        words: list[str] = self._words[np.minimum(drawn, len(self._words) - 1)].tolist()
        for start in range(0, len(words), 12):
            words[start] = words[start].capitalize()
            words[start - 1] += "."
        return words


class _Plan:
    """Which prompt and which record gets which fault."""

    def __init__(self, prompts: int) -> None:
        rng = np.random.default_rng((_SEED, prompts))
        records, near = prompts * SAMPLES, round(prompts * _NEAR_DUPLICATES)
        # Originals come from the first half and copies from the second, so that a copy is never copied.
        half = prompts // 2
        self.copies = dict(
            zip(
                (half + rng.permutation(prompts - half)[:near]).tolist(),
                rng.permutation(half)[:near].tolist(),
                strict=True,
            )
        )
        self.numbers = rng.permutation(prompts)
        self.errors, self.truncated, self.reserved = set[tuple[int, int]](), set[tuple[int, int]](), set[int]()
        self._faults = (round(records * _ERRORS), round(records * _TRUNCATED), round(records * _RESERVED / SAMPLES))

    def place(self, held: set[int]) -> None:
        """Faults go where each has its whole effect: reserved words to prompts outside the holdout and outside the near
        duplicates, one error and one truncation at most to any other prompt, so that each keeps at least two
        answers."""
        errors, truncated, reserved = self._faults
        taken = held | set(self.copies) | set(self.copies.values())
        self.reserved = set([n for n in self.numbers.tolist() if n not in taken][:reserved])
        free = [n for n in self.numbers.tolist() if n not in self.reserved]
        self.errors = {(n, n % SAMPLES) for n in free[:errors]}
        self.truncated = {(n, (n + 1) % SAMPLES) for n in free[-truncated:]}


def write_run(root: Path, prompts: int, shard_records: int = SHARD_RECORDS) -> Planted:
    """Writes a run up to its replies (`3-replies`) into the folder `root`: `prompts` prompts with four records each, in
    batch jobs of `shard_records`.
    """
    services, vocabulary, plan = folder_services(root), Vocabulary(), _Plan(prompts)
    store: FolderStore = services.store  # type: ignore[assignment]  # the same protocol over a folder
    store.put_lines(f"seeds/{DATASET}/seeds.jsonl", _seeds(vocabulary, plan, prompts))
    settings = SETTINGS | {"batches": {"maxShardRecords": shard_records}}
    event = {"input": settings, "executionName": RUN_ID, "startedAt": "2026-01-01T00:00:00Z"}
    prepare_run.run(event, services, NoHurry())
    wave = plan_requests.run({"run": {"runId": RUN_ID, "dataset": DATASET}, "wave": 0}, services, NoHurry())
    plan.place(
        {n for n, prompt in enumerate(store.records(LAYOUT.prompts, Prompt)) if side_of(prompt, _SPLIT) is Side.HOLDOUT}
    )
    first = 0
    for shard in wave["shards"]:  # type: ignore[attr-defined]  # a handler gives objects
        key = f"{LAYOUT.replies_prefix(0, shard['shard'])}abcdef123456/shard-{shard['shard']:04d}.jsonl.out"
        lines = list(_replies(store.lines(LAYOUT.requests(0, shard["shard"])), first, vocabulary, plan))
        np.random.default_rng((_SEED, first)).shuffle(lines)  # Bedrock keeps no order
        store.put_lines(key, lines)
        first += shard["records"] // SAMPLES
    return Planted(
        prompts, prompts * SAMPLES, len(plan.errors), len(plan.truncated), len(plan.reserved), len(plan.copies)
    )


def reply_files(root: Path) -> list[Path]:
    """The files of replies, which is what everybody reads."""
    return sorted((root / LAYOUT.root / "3-replies").rglob("*.jsonl.out"))


def _seeds(vocabulary: Vocabulary, plan: _Plan, prompts: int) -> Iterator[bytes]:
    for number in range(prompts):
        original = plan.copies.get(number, number)
        words = vocabulary.words(np.random.default_rng((_SEED, 1, original)), _PROMPT_WORDS)
        if original != number:
            words[0], words[-1] = "Please,", "then?"
        yield encode_line({"prompt": " ".join(words), "system": SYSTEM, "category": f"topic-{number % 8}"})


class _Asked(msgspec.Struct, rename="camel"):
    record_id: str
    model_input: msgspec.Raw


def _replies(requests: Iterator[bytes], first: int, vocabulary: Vocabulary, plan: _Plan) -> Iterator[bytes]:
    decode = msgspec.json.Decoder(_Asked).decode
    for position, line in enumerate(requests):
        asked, (offset, sample) = decode(line), divmod(position, SAMPLES)
        number = first + offset
        head = {"modelInput": asked.model_input, "recordId": asked.record_id}
        if (number, sample) in plan.errors:
            yield encode_line(
                {**head, "error": {"errorCode": 400, "errorMessage": "The model could not process this record."}}
            )
        else:
            yield encode_line(
                {
                    **head,
                    "modelOutput": _output(
                        np.random.default_rng((_SEED, 2, number, sample)), number, sample, vocabulary, plan
                    ),
                }
            )


def _output(
    rng: np.random.Generator, number: int, sample: int, vocabulary: Vocabulary, plan: _Plan
) -> dict[str, object]:
    words, cut = vocabulary.words(rng, _ANSWER_WORDS), (number, sample) in plan.truncated
    if number in plan.reserved:
        words[len(words) // 2] = "System:"
    if sample % 2:
        words[1] += "’s –"
    # A step a line, as models write; most samples agree, one in five gives another result.
    steps = " ".join(words).replace(". ", ".\n")
    text = steps if cut else f"{steps}\nAnswer: {number % 97 + int(rng.random() < 0.2)}"
    usage = {"inputTokens": 90, "outputTokens": len(words), "totalTokens": 90 + len(words)}
    message = {"role": "assistant", "content": [{"text": text}]}
    return {"output": {"message": message}, "stopReason": "max_tokens" if cut else "end_turn", "usage": usage}
