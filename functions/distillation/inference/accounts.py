"""Answers and rejections of all waves -> one account of every request, and what a further wave has to ask."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from distillation.errors import RecordsLost
from distillation.inference.replies import BUSY
from distillation.records import Answer, FunnelStep, Prompt, Record, RejectedAnswer, UnusedAnswer

NO_REPLY = "no_reply_after_all_waves"


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


def ids_to_ask_again(
    requested: Iterable[str], answered: Iterable[str], rejected: Iterable[RejectedAnswer]
) -> list[str]:
    """The requested ids that have no answer and no final rejection, in order of request."""
    done = set(answered)
    done.update(r.record_id for r in rejected if r.reason != BUSY)
    return [i for i in dict.fromkeys(requested) if i not in done]


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
    lost = {NO_REPLY: account.missing} if account.missing else {}
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
    return [UnusedAnswer(record_id=record_id, reason=NO_REPLY) for record_id in sorted(ids - there)]


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
