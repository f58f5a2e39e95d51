"""PlanComparisons: the student's answers beside the teacher's -> a round of requests to the judge, each pair in both orders."""

from application.entry import Event, Turn, lambda_entry
from application.judging_files import read_pairs
from application.run_files import Wave, read_run, read_wave
from application.services import Services
from application.stage_rounds import ids_to_ask
from application.waves import take_over, wave_output, without, write_wave
from distillation.comparison_requests import orders_of
from distillation.records import Request, Stage
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the shards of the round; one that an earlier execution planned stands as it is."""
    store, run_id, wave = services.store, event["run"]["runId"], event["wave"]
    return wave_output(read_wave(store, run_id, wave, Stage.COMPARISONS) or _plan(store, read_run(store, run_id), wave))


def _plan(store: Store, record: RunRecord, wave: int) -> Wave:
    groups = _groups(store, record)
    requested = [request.record_id for _, group in groups for request in group]
    wanted = set(ids_to_ask(store, record.run_id, Stage.COMPARISONS, requested))
    cached = take_over(store, record.dataset, wanted, RunLayout(record.run_id).cached(Stage.COMPARISONS, wave)) if wave == 0 else set[str]()
    asked = without(groups, set(requested) - (wanted - cached))
    max_records = record.settings.batches.max_shard_records
    return write_wave(store, record.run_id, wave, asked, max_records=max_records, cached=len(cached), stage=Stage.COMPARISONS)


def _groups(store: Store, record: RunRecord) -> list[tuple[int, list[Request]]]:
    judge = record.settings.evaluation.judge
    if judge is None or not judge.pairwise:
        return []
    pairs = [pair for pair in read_pairs(store, record, judge) if not pair.equal]
    return [(number, list(orders_of(pair, record.models.judge))) for number, pair in enumerate(pairs)]


handler = lambda_entry(run)
