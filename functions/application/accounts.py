"""What the shards of a run came to, summed from the counts that each reduction left."""

from collections.abc import Iterator

import msgspec

from distillation.errors import NotEnoughAnswers
from distillation.funnel import sum_funnels
from distillation.inference.accounts import Account, ShardCounts, sum_accounts
from distillation.layout import RunLayout
from distillation.records import FunnelStep
from gateways.ledger import DynamoLedger
from gateways.store import Store


def account_of(store: Store, ledger: DynamoLedger, run_id: str) -> Account:
    """Where every request of the run ended.

    Raises:
        NotEnoughAnswers: not one usable answer; says what Bedrock said of the jobs.
    """
    account = sum_accounts(counts.account for counts in _counts(store, run_id))
    if account.answers == 0:
        said = {
            f"{row.job_name} ended as {row.status}: {row.message or 'Bedrock gives no reason'}"
            for row in ledger.rows(run_id)
            if row.outcome not in (None, "succeeded")
        }
        raise NotEnoughAnswers("the teacher gave no usable answer in any wave. " + ("; ".join(sorted(said)) or f"rejected: {account.rejected_by_reason}"))
    return account


def funnel_of(store: Store, run_id: str) -> list[FunnelStep]:
    """The funnel of the reductions, from the requests to what would be learnt."""
    return sum_funnels(counts.funnel for counts in _counts(store, run_id))


def _counts(store: Store, run_id: str) -> Iterator[ShardCounts]:
    prefix = RunLayout(run_id).candidates_prefix + "counts-"
    return (msgspec.json.decode(store.get(stored.key), type=ShardCounts) for stored in store.list(prefix))
