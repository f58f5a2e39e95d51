"""PlanRatings: what the merge would train on -> a round of requests to a judge. What the cache holds is taken over instead of asked and paid for again."""

from collections.abc import Iterator, Sequence

from application.dataset_files import decided
from application.entry import Event, Turn, lambda_entry
from application.run_files import Wave, read_run, read_wave
from application.services import Services
from application.stage_rounds import ids_to_ask
from application.waves import take_over, wave_output, without, write_wave
from distillation.candidates_to_ratings import rating_requests
from distillation.dataset_split import Side
from distillation.merge_plan import judging_of
from distillation.records import Candidate, Request, Stage
from distillation.run_layout import RunLayout
from distillation.run_record import RunRecord
from gateways.store import Store


def run(event: Event, services: Services, turn: Turn) -> dict[str, object]:
    """Gives the shards of the round; one that an earlier execution planned stands as it is."""
    store, run_id, wave = services.store, event["run"]["runId"], event["wave"]
    return wave_output(read_wave(store, run_id, wave, Stage.RATINGS) or _plan(store, read_run(store, run_id), wave))


def _plan(store: Store, record: RunRecord, wave: int) -> Wave:
    sides = decided(store, record, None).sides
    requested = [request.record_id for _, group in _groups(store, record, sides) for request in group]
    wanted = set(ids_to_ask(store, record.run_id, Stage.RATINGS, requested))
    cached = take_over(store, record.dataset, wanted, RunLayout(record.run_id).cached(Stage.RATINGS, wave)) if wave == 0 else set[str]()
    asked = without(_groups(store, record, sides), set(requested) - (wanted - cached))
    max_records = record.settings.batches.max_shard_records
    return write_wave(store, record.run_id, wave, asked, max_records=max_records, cached=len(cached), stage=Stage.RATINGS)


def _groups(store: Store, record: RunRecord, sides: Sequence[Side | None]) -> Iterator[tuple[int, list[Request]]]:
    judging = judging_of(record)
    candidates = store.records_below(RunLayout(record.run_id).candidates_prefix, Candidate, named="shard-")
    for number, (candidate, side) in enumerate(zip(candidates, sides, strict=True)):
        if side is not None and judging is not None:
            yield number, rating_requests(candidate, judging)


handler = lambda_entry(run)
