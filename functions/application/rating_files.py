"""The judge's ratings in the bucket."""

from application.stage_rounds import answers_of
from distillation.dataset.ratings import ratings_of
from distillation.records import Stage
from gateways.store import Store


def read_ratings(store: Store, run_id: str) -> dict[str, int]:
    """Record id -> rating, of all rounds and of what the cache held."""
    return ratings_of(answers_of(store, run_id, Stage.RATINGS))
