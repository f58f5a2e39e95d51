"""Proofs that nothing was lost: every request and every prompt of a run ends in exactly one place."""

from collections.abc import Iterable

from application.run_files import read_answers, read_rejected_answers, requested_ids
from distillation.errors import NotEnoughAnswers, RecordsLost
from distillation.examples_to_dataset import Dataset
from distillation.records import HoldoutItem, Prompt
from distillation.waves_to_accounts import Account, account_for
from gateways.ledger import DynamoLedger
from gateways.store import Store


def account_of(store: Store, ledger: DynamoLedger, run_id: str) -> Account:
    """Where every request of the run ended.

    Raises:
        NotEnoughAnswers: not one usable answer; says what Bedrock said of the jobs.
        RecordsLost: an answer or a rejection belongs to no request of this run.
    """
    requested = set(requested_ids(store, run_id))
    account = account_for(requested, read_answers(store, run_id), read_rejected_answers(store, run_id))
    if account.requests != account.answers + account.rejected + len(account.missing):
        known = {a.record_id for a in read_answers(store, run_id)} | {r.record_id for r in read_rejected_answers(store, run_id)}
        raise RecordsLost("AssembleDataset", set(), known - requested)
    if account.answers == 0:
        said = {
            f"{row.job_name} ended as {row.status}: {row.message or 'Bedrock gives no reason'}"
            for row in ledger.rows(run_id)
            if row.outcome not in (None, "succeeded")
        }
        raise NotEnoughAnswers("the teacher gave no usable answer in any wave. " + ("; ".join(sorted(said)) or f"rejected: {account.rejected_by_reason}"))
    return account


def check_prompts(prompts: Iterable[Prompt], holdout: Iterable[HoldoutItem], dataset: Dataset) -> None:
    """Every prompt is in the holdout, an example, or rejected: once. Raises RecordsLost."""
    before = {p.prompt_id for p in prompts}
    after = [item.prompt_id for item in holdout] + [e.prompt_id for e in dataset.train + dataset.validation] + [r.prompt_id for r in dataset.rejected]
    if before != set(after) or len(after) != len(before):
        raise RecordsLost("AssembleDataset", before - set(after), set(after) - before)
