"""PlanComparisons: pairs of answers -> a round of requests to the judge, each pair in both orders."""

from functools import cache, partial

from application.entry import Event, Invocation, lambda_entry
from application.judging.judging_files import read_pairs
from application.reporting.budget import paid_wave
from application.rounds import key_for_marks, plan_round
from application.run_files import read_run
from application.services import Services
from distillation.judging.pairs import orders_of
from distillation.records import Asking, Request
from distillation.run.record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, invocation: Invocation) -> dict[str, object]:
    """Gives the shards of the round."""
    record = read_run(services.store, event["run"]["runId"])
    groups = cache(partial(_groups, services.store, record))
    return paid_wave(services, record, plan_round(services, record, event["wave"], Asking.COMPARISONS, groups))


def _groups(store: Store, record: RunRecord) -> list[tuple[int, list[Request]]]:
    judge = record.config.evaluation.judge
    if judge is None or not judge.pairwise:
        return []
    key, pairs = key_for_marks(store), read_pairs(store, record, judge)
    return [(number, list(orders_of(pair, record.models.judge, key))) for number, pair in enumerate(pairs)]


handler = lambda_entry(run)
