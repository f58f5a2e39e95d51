"""Uploads: one run a dataset upload, however often and in whatever order the events come."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from distillation.run.config import RUN_ID_PATTERN
from distillation.run.input import default_run_id
from distillation.run.uploads import Upload, dataset_of_key, execution_name, is_newest
from tests.fakes import EPOCH

FILES: list[Upload] = [("seeds/a/1.jsonl", "e1", EPOCH), ("seeds/a/2.csv", "e2", EPOCH + timedelta(seconds=9))]


def test_only_the_newest_file_starts_and_it_starts_for_all() -> None:
    assert [is_newest(key, etag, FILES) for key, etag, _ in FILES] == [False, True]


def test_files_of_the_same_moment_all_start_the_same_execution() -> None:
    twins = [(key, etag, EPOCH) for key, etag, _ in FILES]
    assert all(is_newest(key, etag, twins) for key, etag, _ in twins)
    assert execution_name("a", twins) == execution_name("a", list(reversed(twins)))


def test_a_file_that_was_overwritten_or_deleted_meanwhile_starts_nothing() -> None:
    assert not is_newest("seeds/a/2.csv", "older", FILES)
    assert not is_newest("seeds/a/gone.jsonl", "e3", FILES)


def test_an_upload_of_the_same_content_again_is_a_new_upload() -> None:
    later = [(key, etag, modified + timedelta(minutes=1)) for key, etag, modified in FILES]
    assert execution_name("a", FILES) != execution_name("a", later)


@given(dataset=st.text(min_size=1, max_size=300))
def test_a_name_is_a_run_id_even_for_a_dataset_that_no_run_accepts(dataset: str) -> None:
    name = execution_name(dataset, FILES)
    assert default_run_id(name) == name
    assert len(name) <= 36
    assert RUN_ID_PATTERN


def test_the_dataset_is_the_folder_below_seeds() -> None:
    assert dataset_of_key("seeds/reviews/2026/part.jsonl.gz") == "reviews"
