"""Prompts -> requests: k samples a prompt, ids that derive from content, shards within Bedrock's quotas."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence

from distillation.bedrock.families import takes_top_p_beside_temperature
from distillation.bedrock.training_lines import Message, turns
from distillation.records import GREEDY_SAMPLE, HoldoutItem, Prompt, Record, Request, Route, encode_line
from distillation.run.config import Sampling
from distillation.run.curation import Expansion

BATCH_MIN_RECORDS = 100
"""A batch job takes at least 100 records (Amazon Bedrock quotas, not adjustable)."""
BATCH_MAX_FILE_BYTES = 1_000_000_000
"""A batch input file holds at most 1 GB (Amazon Bedrock quotas)."""
GREEDY_TEMPERATURE = 0.00001
"""Nova's lowest temperature (Amazon Nova user guide)."""

EXPANSION_TOP_P = 0.9
"""Nucleus at which new prompts are made: Nova's own default. The whole distribution would add its rare nonsense."""


class Shard(Record, frozen=True):
    """The records of a batch job, or of a turn through Converse; counted from 0 over all waves of a stage. `first` and
    `last`: the numbers (from 0) of the prompts at its ends.
    """

    shard: int
    route: Route
    records: int
    first: int = 0
    last: int = 0


def requests_of(prompt: Prompt | HoldoutItem, sampling: Sampling, model: str) -> list[Request]:
    """All requests of a prompt to `model`, the greedy one first."""
    sampled = _sampled(sampling, sampling.top_p, model)
    greedy = [greedy_request(prompt, sampling.max_tokens, model)] * sampling.greedy
    return greedy + [_request(prompt, model, f"s{i}", sampled) for i in range(sampling.sampled)]


def samples_of(sampling: Sampling) -> frozenset[str]:
    """The samples that every prompt is asked for: "g0", "s0", "s1" ..."""
    return frozenset([GREEDY_SAMPLE] * sampling.greedy + [f"s{i}" for i in range(sampling.sampled)])


def arm_requests(
    item: HoldoutItem, sampling: Sampling, model: str, *, samples: int, earlier: Sequence[Message] = ()
) -> list[Request]:
    """An arm's requests for a holdout prompt: the greedy one, and `samples` at the teacher's settings, after `earlier`
    messages.
    """
    sampled = _sampled(sampling, sampling.top_p, model)
    greedy = _request(item, model, GREEDY_SAMPLE, _greedy(sampling.max_tokens), earlier)
    return [greedy, *(_request(item, model, f"s{number}", sampled, earlier) for number in range(samples))]


def greedy_request(item: Prompt | HoldoutItem, max_tokens: int, model: str) -> Request:
    """The one greedy request by which an arm is compared on the holdout."""
    return _request(item, model, GREEDY_SAMPLE, _greedy(max_tokens))


def asked_as(request: Request, shown: Request) -> Request:
    """`shown` under the id of `request`: a text that holds a secret must not shape the id."""
    return Request(record_id=request.record_id, model_input=shown.model_input)


def expansion_request(prompt: Prompt, expansion: Expansion, model: str) -> Request:
    """The one request for new prompts."""
    return _request(prompt, model, "s0", _sampled(expansion, EXPANSION_TOP_P, model))


def prompt_of(record_id: str) -> str:
    """The prompt id in a record id."""
    return record_id.split("-", 1)[0]


def sample_of(record_id: str) -> str:
    """The sample ("g0", "s3") in a record id."""
    return record_id.rsplit("-", 1)[1]


def shard_requests(
    groups: Iterable[tuple[int, Sequence[Request]]], max_records: int, first_shard: int = 0, route: Route | None = None
) -> Iterator[tuple[Shard, list[bytes]]]:
    """Packs prompts (number, requests), never split, into shards of at most `max_records` records and 1 GB of JSON
    lines. A shard under 100 records goes through Converse, since no batch job takes it; `route` is the way of all.
    """
    lines: list[bytes] = []
    size, number, first, last = 0, first_shard, 0, 0
    for ordinal, group in groups:
        encoded = [encode_line(request) for request in group]
        weight = sum(map(len, encoded))
        if lines and (len(lines) + len(encoded) > max_records or size + weight > BATCH_MAX_FILE_BYTES):
            yield _shard(number, lines, (first, last), route), lines
            lines, size, number = [], 0, number + 1
        first, last = (first if lines else ordinal), ordinal
        lines.extend(encoded)
        size += weight
    if lines:
        yield _shard(number, lines, (first, last), route), lines


def prompt_shards(prompts: Iterable[Prompt], sampling: Sampling, max_records: int) -> Iterator[list[Prompt]]:
    """Cuts the prompts into parts of at most `max_records` requests: the unit in which answers are reduced."""
    size, part = prompts_a_shard(sampling, max_records), list[Prompt]()
    for prompt in prompts:
        part.append(prompt)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


def prompts_a_shard(sampling: Sampling, max_records: int) -> int:
    """How many prompts every part of `prompt_shards` but the last has."""
    return max(1, max_records // sampling.answers)


def _shard(number: int, lines: list[bytes], ends: tuple[int, int], route: Route | None) -> Shard:
    return Shard(
        shard=number,
        route=route or (Route.BATCH if len(lines) >= BATCH_MIN_RECORDS else Route.NOW),
        records=len(lines),
        first=ends[0],
        last=ends[1],
    )


def _greedy(max_tokens: int) -> dict[str, float]:
    return {"maxTokens": max_tokens, "temperature": GREEDY_TEMPERATURE}


def _sampled(sampling: Sampling | Expansion, top_p: float, model: str) -> dict[str, float]:
    # Nova's own topP is 0.9, so the whole distribution has to be asked for.
    nucleus = {"topP": top_p} if takes_top_p_beside_temperature(model) else {}
    return {"maxTokens": sampling.max_tokens, "temperature": sampling.temperature, **nucleus}


def _request(
    prompt: Prompt | HoldoutItem, model: str, sample: str, inference: dict[str, float], earlier: Sequence[Message] = ()
) -> Request:
    said = [*earlier, *turns((*prompt.earlier, prompt.prompt))]
    body: dict[str, object] = {"messages": said, "inferenceConfig": inference}
    if prompt.system:
        body["system"] = [{"text": prompt.system}]
    # Left out, topP counts as 1, as it was written before it was left out: what was paid for then is found by its id.
    question = body | {"inferenceConfig": {"topP": 1.0} | inference}
    shape = json.dumps([model, question], sort_keys=True, ensure_ascii=False)
    return Request(
        record_id=f"{prompt.prompt_id}-{hashlib.sha256(shape.encode()).hexdigest()[:8]}-{sample}", model_input=body
    )
