"""Answers and rejections of all waves -> one account of every request, and what a further wave has to ask."""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from distillation.errors import RecordsLost
from distillation.records import Answer, FunnelStep, Prompt, Record, RejectedAnswer, UnusedAnswer

NO_REPLY_IN_ANY_WAVE = "no_reply_after_all_waves"
_PARTS, _TAKEN = 4_096, -1


class Account(Record, frozen=True):
    """Where every request ended: `requests` = `answers` + `rejected` + `missing`. A rejection that a later wave turned
    into an answer is not counted. `rejected_by_reason`: reason code -> count.
    """

    requests: int
    answers: int
    rejected: int
    missing: int
    rejected_by_reason: dict[str, int]


class ShardCounts(Record, frozen=True):
    """What a shard of prompts came to: `5-dataset/candidates/counts-NNNN.json`. Summed by AssembleDataset."""

    account: Account
    funnel: list[FunnelStep]


class OpenRequests:
    """The requests that still want a reply, in 12 bytes each: a hash of the record id and a number of the caller's.

    Two ids of one hash (one chance in 370,000 among 10 million) count as one; what then has no answer stands in the
    account as missing.
    """

    def __init__(self, requests: Iterable[tuple[str, int]]) -> None:
        parts: list[tuple[array[int], array[int]]] = [(array("q"), array("i")) for _ in range(_PARTS)]
        for record_id, number in requests:
            hashed = hash(record_id)
            hashes, numbers = parts[hashed % _PARTS]
            hashes.append(hashed)
            numbers.append(number)
        for place, part in enumerate(parts):
            ordered = dict(sorted(zip(*part, strict=True)))
            parts[place] = array("q", ordered), array("i", ordered.values())
        self._parts, self._left = parts, sum(len(hashes) for hashes, _ in parts)

    def __len__(self) -> int:
        return self._left

    def __contains__(self, record_id: str) -> bool:
        return self._found(record_id) is not None

    def take(self, record_id: str) -> int | None:
        """Closes a request and gives its number; None where it was not open."""
        found = self._found(record_id)
        if found is None:
            return None
        numbers, at = found
        number, numbers[at] = numbers[at], _TAKEN
        self._left -= 1
        return number

    def _found(self, record_id: str) -> tuple["array[int]", int] | None:
        hashed = hash(record_id)
        hashes, numbers = self._parts[hashed % _PARTS]
        at = bisect_left(hashes, hashed)
        there = at < len(hashes) and hashes[at] == hashed and numbers[at] != _TAKEN
        return (numbers, at) if there else None


def account_for(
    prompts: Sequence[Prompt],
    answers: Mapping[str, Sequence[Answer]],
    rejected: Iterable[RejectedAnswer],
    samples: frozenset[str],
    ids_of: Callable[[Prompt], Iterable[str]],
) -> tuple[Account, list[UnusedAnswer]]:
    """Counts every request of a shard's prompts exactly once: answered, rejected (its last reason stands) or missing.
    Gives the account, and the missing requests. Every prompt was asked for the `samples` ("g0", "s0" ...); `ids_of`
    gives its record ids, where something is missing. Raises RecordsLost for an answer that was never asked for.
    """
    last = _last_reasons(rejected)
    answered, reasons, missing = 0, Counter[str](), list[UnusedAnswer]()
    for prompt in prompts:
        group = answers.get(prompt.prompt_id, ())
        got = {answer.sample for answer in group}
        if len(got) < len(group) or not got <= samples:
            raise RecordsLost("ReduceShard", set(), {answer.record_id for answer in group} - set(ids_of(prompt)))
        answered += len(got)
        if len(got) < len(samples):
            there = {answer.record_id for answer in group}
            why = {
                record_id: reason
                for record_id, reason in last.get(prompt.prompt_id, {}).items()
                if record_id not in there
            }
            reasons.update(why.values())
            if len(got) + len(why) != len(samples):
                missing += _missing(ids_of(prompt), there | why.keys())
    requests = len(samples) * len(prompts)
    if requests != answered + reasons.total() + len(missing):
        raise RecordsLost("ReduceShard", set(), {f"{answered} answers, {reasons}, {len(missing)} missing"})
    account = Account(
        requests=requests,
        answers=answered,
        rejected=reasons.total(),
        missing=len(missing),
        rejected_by_reason=dict(sorted(reasons.items())),
    )
    return account, missing


def replies_step(account: Account) -> FunnelStep:
    """The first step of the funnel: requests that became answers."""
    lost = {NO_REPLY_IN_ANY_WAVE: account.missing} if account.missing else {}
    return FunnelStep(
        step="replies",
        unit="answers",
        came=account.requests,
        kept=account.answers,
        rejected=dict(sorted({**account.rejected_by_reason, **lost}.items())),
    )


def _last_reasons(rejected: Iterable[RejectedAnswer]) -> dict[str, dict[str, str]]:
    """Prompt id -> record id -> the reason that stands."""
    last: dict[str, dict[str, str]] = {}
    for reply in rejected:
        last.setdefault(reply.prompt_id, {})[reply.record_id] = reply.reason
    return last


def _missing(requested: Iterable[str], there: set[str]) -> list[UnusedAnswer]:
    ids = set(requested)
    if there - ids:
        raise RecordsLost("ReduceShard", set(), there - ids)
    return [UnusedAnswer(record_id=record_id, reason=NO_REPLY_IN_ANY_WAVE) for record_id in sorted(ids - there)]


def sum_accounts(accounts: Iterable[Account]) -> Account:
    """One account over all shards."""
    every = list(accounts)
    reasons: Counter[str] = Counter()
    for account in every:
        reasons.update(account.rejected_by_reason)
    return Account(
        requests=sum(a.requests for a in every),
        answers=sum(a.answers for a in every),
        rejected=sum(a.rejected for a in every),
        missing=sum(a.missing for a in every),
        rejected_by_reason=dict(sorted(reasons.items())),
    )
