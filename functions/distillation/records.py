"""The records that travel between hops, one line of JSON each. Every docstring names the file, who makes and reads it.
JSON keys are camelCase, Python fields snake_case. A hop never edits what an earlier hop wrote.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import cycle, filterfalse, islice, repeat
from operator import add, methodcaller
from typing import Any, Protocol, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)
K = TypeVar("K")

# A section of the run's input (pydantic) stands in a record as it is: it writes and reads itself.
_encoder = msgspec.json.Encoder(enc_hook=methodcaller("model_dump", mode="json", by_alias=True))
_RECORDS_A_BLOCK = 128
"""Some 100 KB of answers: they stay in a core's own cache."""


def encode_json(record: object) -> bytes:
    """A record, or what holds records, as JSON."""
    return _encoder.encode(record)


def decode_json(body: bytes, kind: type[K]) -> K:
    """`encode_json`'s form read back. Raises msgspec.DecodeError for another form (another release wrote it)."""
    return msgspec.json.decode(body, type=kind, dec_hook=_section)


def _section(kind: Any, value: object) -> object:
    return kind.model_validate(value)


def encode_line(record: object) -> bytes:
    """One line of JSON with its line feed."""
    return _encoder.encode(record) + b"\n"


def encode_lines(records: Iterable[object]) -> Iterator[bytes]:
    """Each record as one line."""
    return map(add, map(_encoder.encode, records), repeat(b"\n"))


def encode_blocks(records: Iterable[object]) -> Iterator[bytes]:
    """The same lines, many in one piece: half the time, for files whose lines nobody counts as they are written."""
    source = iter(records)
    while block := list(islice(source, _RECORDS_A_BLOCK)):
        yield _encoder.encode_lines(block)


def decode_lines(lines: Iterable[bytes], kind: type[T]) -> Iterator[T]:
    """Each non-blank line as a `kind`. Raises msgspec.ValidationError for another form (never in a sound run)."""
    filled: Iterator[bytes] = filter(None, lines)
    return map(msgspec.json.Decoder(kind).decode, filterfalse(bytes.isspace, filled))


def dialogue(one: "Asked") -> str:
    """A prompt with the turns before it as one text: what people and judges read, and what prompts are compared by."""
    if not one.earlier:
        return one.prompt
    speakers = cycle(("User", "Assistant"))
    return "\n\n".join(
        f"{speaker}: {text}" for speaker, text in zip(speakers, (*one.earlier, one.prompt), strict=False)
    )


GREEDY_SAMPLE = "g0"
"""The sample of the greedy answer, which quality is judged by."""


class Record(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """Base of all records: immutable, camelCase in JSON, unknown keys ignored (an older release reads newer files).
    Without garbage collection: what comes from JSON and never changes holds no cycles.
    """


class Asked(Protocol):
    """What a model is asked: `prompt` is the last user turn; `earlier` the texts before it, user and assistant by
    turns, an even number.
    """

    @property
    def prompt(self) -> str: ...
    @property
    def earlier(self) -> tuple[str, ...]: ...


class Seed(Record, frozen=True, omit_defaults=True):
    """One line that the user gave. Made by `seeds.reader`, read by `seeds.prompts`. `line` counts from 1 in the
    unpacked file. Seeds of one `group` (a document, a customer) stay on one side of the split and count together.
    """

    seed_id: str
    prompt: str
    file: str
    line: int
    system: str = ""
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    earlier: tuple[str, ...] = ()


class RejectedSeed(Record, frozen=True):
    """A seed that is not used and why: `0-run/rejected-seeds.jsonl`. From `seeds.reader`, for people and the report."""

    file: str
    line: int
    field: str
    reason: str
    found: str
    expected: str


class Prompt(Record, frozen=True, omit_defaults=True):
    """What the teacher is asked: `1-prompts/prompts.jsonl`. Made by `seeds.prompts`, read by every later stage.

    `system` is all of the system text, the task's instructions included. `prompt_id` is a hash of the seed's own text,
    so it and the side of the split are the same in every run. An expanded prompt (`1-prompts/expanded.jsonl`) has a
    `method` and `parents` (prompt ids); it is never in the holdout.
    """

    prompt_id: str
    prompt: str
    seed_id: str
    system: str = ""
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    method: str | None = None
    parents: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


class Answer(Record, frozen=True, omit_defaults=True):
    """A usable reply of a model: `4-answers/shard-NNNN.jsonl`. Made by `inference.replies`, read by
    `dataset.reduction`. `sample`: "g0" is the greedy answer, "s0", "s1" ... are sampled. Token counts are Bedrock's;
    `latency_ms` is Converse's. `standard_tier`: the flex tier was wanted, and the model has none.
    """

    record_id: str
    prompt_id: str
    sample: str
    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    latency_ms: int | None = None
    standard_tier: bool = False


class RejectedAnswer(Record, frozen=True, omit_defaults=True):
    """A reply that cannot be used and why: `4-answers/rejected-NNNN.jsonl`. For the report and the retry planner."""

    record_id: str
    prompt_id: str
    sample: str
    reason: str
    detail: str
    text: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    standard_tier: bool = False


class Tokens(Record, frozen=True, omit_defaults=True):
    """What replies took: `4-answers/tokens-NNNN.jsonl`, one line a tier. Made by `inference.replies`, read wherever it
    is counted what a run has spent. A reply, rejected or not, and a prediction are read as a sum of one. `answers`: how
    many of them are usable.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    answers: int = 1
    reason: str = ""
    standard_tier: bool = False


class PromptKey(Record, frozen=True, omit_defaults=True):
    """What the merge compares prompts by. `folded` hashes system and prompt with case and white space folded,
    `signature` is the MinHash of the prompt's word sequences (little-endian uint32), `embedding` its vector
    (little-endian float16) where semantic duplicates are looked for."""

    prompt_id: str
    folded: str
    signature: bytes = b""
    embedding: bytes = b""


class Candidate(Record, frozen=True, omit_defaults=True):
    """What a prompt would teach, one shard for itself: `5-dataset/candidates/shard-NNNN.jsonl`. Made by
    `dataset.reduction`, read by `dataset.merge`.

    `answers`: the texts to learn, one under consensus, each accepted sample under proportional, each distinct accepted
    answer under best with a judge, none with managed distillation. `agreement`: share (0 to 1) of the most given answer
    among the usable samples; `entropy`: of their distribution, in bits. None without answers.
    """

    key: PromptKey
    prompt: str
    answers: tuple[str, ...]
    agreement: float | None = None
    entropy: float | None = None
    system: str = ""
    category: str | None = None
    group: str | None = None
    method: str | None = None
    earlier: tuple[str, ...] = ()


class HoldoutCandidate(Record, frozen=True, omit_defaults=True):
    """A prompt of the holdout, from a shard: `5-dataset/candidates/holdout-NNNN.jsonl`. Made by `dataset.reduction`,
    read by `dataset.merge`. `agreement` and `entropy` as in `Candidate`.
    """

    key: PromptKey
    prompt: str
    system: str = ""
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    agreement: float | None = None
    entropy: float | None = None
    earlier: tuple[str, ...] = ()


class UnusedAnswer(Record, frozen=True, omit_defaults=True):
    """An answer that no example holds, and why: `5-dataset/candidates/unused-NNNN.jsonl`. Also a request that no wave
    brought a reply for: `4-answers/missing-NNNN.jsonl`. Made by the reduction, read by people and the report.
    """

    record_id: str
    reason: str
    detail: str = ""


class FunnelStep(Record, frozen=True):
    """One filter in the order of the path: came = kept + all of rejected. `unit` is what is counted: seeds, prompts,
    answers or examples (training lines). `changed` counts what was kept in another form (redacted).
    """

    step: str
    unit: str
    came: int
    kept: int
    rejected: dict[str, int]
    changed: int = 0


class RejectedExample(Record, frozen=True, omit_defaults=True):
    """A prompt that made no example and why: `5-dataset/rejected.jsonl`. By reduction and merge, for the report."""

    prompt_id: str
    reason: str
    detail: str


class HoldoutItem(Record, frozen=True, omit_defaults=True):
    """One prompt that is never trained on: `5-dataset/holdout.jsonl`. From `dataset.merge`, read by every arm."""

    prompt_id: str
    prompt: str
    system: str = ""
    reference: str | None = None
    category: str | None = None
    group: str | None = None
    earlier: tuple[str, ...] = ()


class Prediction(Record, frozen=True, omit_defaults=True):
    """An arm's answer to a holdout prompt, or why there is none: `7-evaluation/predictions-<arm>.jsonl`. Read by
    `evaluation.score`. Exactly one of `text` and `error` is set. `latency_ms` is None for a batch job. `sample`: "g0"
    is greedy, by which quality is judged; "s0", "s1" ... estimate the distribution.
    """

    prompt_id: str
    arm: str
    sample: str = "g0"
    text: str | None = None
    error: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    latency_ms: int | None = None


LOST = frozenset({"no_reply", "bedrock_busy", "bedrock_error", "unreadable", "throttled"})
"""Errors that say nothing of the model: the service brought no answer. All others are the model's own doing."""


class Arm(StrEnum):
    """The models that are compared: the large one; the small one untouched, given examples, distilled, and tuned on
    references; what serves today.
    """

    TEACHER = "teacher"
    BASE = "base"
    FEW_SHOT = "few-shot"
    STUDENT = "student"
    DIRECT = "direct"
    CHAMPION = "champion"


FEW_SHOT_DRAWS = (str(Arm.FEW_SHOT), "few-shot-2", "few-shot-3")
"""Three draws of examples, since what few-shot is worth depends on which it is shown. Each answers the holdout."""


class Asking(StrEnum):
    """What a model is asked for in shards. Each has its own rounds, counted from 0."""

    PILOT = "pilot"
    EXPANSION = "expansion"
    ANSWERS = "answers"
    RATINGS = "ratings"
    COMPARISONS = "comparisons"


class Route(StrEnum):
    """How a shard is answered: by a batch job, or now through Converse (fewer than the 100 records of a batch)."""

    BATCH = "batch"
    NOW = "now"


class Request(Record, frozen=True):
    """One record of a batch job: `2-requests/wave-NN/shard-NNNN.jsonl` (other stages: `<stage>-NN`). Read by Bedrock.
    `record_id` is `<prompt id>-<hash of everything that shapes the answer>-<sample>`, so the same question at the same
    settings has the same id in every run.
    """

    record_id: str
    model_input: dict[str, object]


class LedgerRow(Record, frozen=True, omit_defaults=True):
    """One piece of Bedrock work in the ledger (DynamoDB, key run id + job name). Made by `bedrock.submission`, read by
    `bedrock.waiting`, the failure rail and the CLI.

    `state`: SUBMITTING, SUBMITTED (has an ARN), ENDED; the run's own row (kind "run") is OPEN, RETIRING or RETIRED and
    names its `execution`. Times are ISO 8601, UTC. `token`: the task token of who waits. `model_arn`: the model to
    serve (kind promotion) or that was made (tuning). `spent_usd`: of the run or, in a month's row, of the month, where
    `reserved_usd` is what it may come to.
    """

    run_id: str
    job_name: str
    kind: str
    state: str
    job_arn: str | None = None
    token: str | None = None
    records: int = 0
    submitted_at: str = ""
    deadline_at: str = ""
    status: str | None = None
    outcome: str | None = None
    message: str | None = None
    expires_at: int = 0
    model_arn: str | None = None
    execution: str | None = None
    spent_usd: float = 0.0
    reserved_usd: float = 0.0


class Leftover(Record, frozen=True):
    """Something of a run that still costs money, why it could not be taken back, and the command that ends it."""

    what: str
    why: str
    command: str

    def __str__(self) -> str:
        return f"STILL COSTS MONEY: {self.what} ({self.why}); {self.command}"


class CleanUp(Record, frozen=True, omit_defaults=True):
    """What became of what a run made in Bedrock. Made by `application.serving.retirement`, read by the failure rail.
    `retired`: stopped or deleted. `kept`: models that stay on purpose. `busy`: some of `left` may go later. `known`:
    the ledger names at least one job, deployment or model of the run.
    """

    retired: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    left: tuple[Leftover, ...] = ()
    busy: bool = False
    known: bool = False
