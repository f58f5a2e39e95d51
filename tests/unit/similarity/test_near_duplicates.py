"""Clusters of near duplicates: banding against the brute force, chains, large buckets, vectors."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distillation.similarity.near_duplicates import Clusters, join_labels, near_clusters, rows_a_band, semantic_clusters


def components(similar: np.ndarray[Any, Any]) -> list[int]:
    """The labels that a plain search over a matrix of who is like whom gives."""
    labels = list(range(len(similar)))
    for start in range(len(similar)):
        reached = {start}
        while new := {j for i in reached for j in np.flatnonzero(similar[i]).tolist()} - reached:
            reached |= new
        labels[start] = min(reached)
    return labels


@given(st.integers(2, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_union_find_gives_each_component_its_smallest_number(count: int, links: list[tuple[int, int]]) -> None:
    pairs = np.array([(a % count, b % count) for a, b in links], np.int64).reshape(-1, 2)
    clusters = Clusters(count)
    clusters.join(pairs)
    similar = np.eye(count, dtype=bool)
    similar[pairs[:, 0], pairs[:, 1]] = similar[pairs[:, 1], pairs[:, 0]] = True
    assert clusters.labels().tolist() == components(similar)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.sampled_from([0.5, 0.8, 1.0]))
def test_banding_never_joins_what_is_not_connected_and_finds_nearly_all(
    seed: int, count: int, threshold: float
) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 2**32, (count, 128), dtype=np.uint32)
    for i in range(1, count):
        rows[i] = np.where(random.random(128) < random.random() * 0.5, rows[i], rows[random.integers(0, i)])
    similar = (rows[:, None, :] == rows[None, :, :]).sum(axis=2) >= threshold * 128
    found, true = near_clusters(rows, threshold).tolist(), components(similar)
    assert all(true[i] == true[label] for i, label in enumerate(found))
    assert sum(a != b for a, b in zip(found, true, strict=True)) <= max(1, 0.05 * count)


def test_the_bands_are_as_narrow_as_recall_allows() -> None:
    """1 - (1 - t^r)^b at t = 0.8: 21 bands of 6 rows find 0.998 of the pairs at the threshold, 18 bands of 7 only
    0.985.
    """
    assert rows_a_band(0.8, 128) == 6
    assert rows_a_band(1.0, 128) == 128
    assert pytest.approx(0.998, abs=0.001) == 1 - (1 - 0.8**6) ** 21
    assert 1 - (1 - 0.8**7) ** 18 < 0.99


def test_a_bucket_of_hundreds_is_taken_apart() -> None:
    """300 rows share their first 6 slots with each other; each has one true twin, far behind it in the bucket."""
    random = np.random.default_rng(5)
    half = random.integers(0, 2**32, (150, 128), dtype=np.uint32)
    rows = np.concatenate([half, half])
    rows[:, :6] = 7
    rows[150:, 6:20] = random.integers(0, 2**32, (150, 14), dtype=np.uint32)
    assert near_clusters(rows, 0.8).tolist() == [*range(150), *range(150)]


def test_one_prompt_and_none_are_no_cluster() -> None:
    assert near_clusters(np.zeros((1, 128), np.uint32), 0.8).tolist() == [0]
    assert near_clusters(np.zeros((0, 128), np.uint32), 0.8).tolist() == []


def test_vectors_of_one_direction_are_one_cluster_and_no_vector_is_like_nothing() -> None:
    vectors = np.array([[1, 0], [0, 1], [10, 0.1], [0, 0], [0, 0]], np.float16)
    assert semantic_clusters(vectors, 0.95).tolist() == [0, 1, 0, 3, 4]


def test_vectors_are_compared_over_the_ends_of_blocks() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(2_500, 32)).astype(np.float16)
    vectors[2_400] = vectors[3] * 2
    labels = semantic_clusters(vectors, 0.99)
    assert labels[2_400] == 3
    assert (labels != np.arange(2_500)).sum() == 1


def test_two_ways_of_comparing_make_one_set_of_clusters() -> None:
    assert join_labels(np.array([0, 0, 2, 3]), np.array([0, 1, 1, 3])).tolist() == [0, 0, 0, 3]
