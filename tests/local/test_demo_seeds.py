"""The demo's data and the names of uploads."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from cli.files.validate import check_input, check_seeds, local_files
from local import tour
from local.demo_seeds import DATASET, demo_seeds, demo_settings, write_demo_seeds
from local.errors import LocalAwsError
from local.uploads import check_seed_file, dataset_name


def test_four_hundred_distinct_sentences_balanced_over_sites_and_labels() -> None:
    seeds = demo_seeds()
    assert len({seed.prompt.casefold() for seed in seeds}) == len(seeds) == 400
    assert Counter(seed.reference for seed in seeds) == {"positive": 200, "negative": 200}
    assert all(66 <= count <= 67 for count in Counter((seed.category, seed.reference) for seed in seeds).values())
    assert all(seed.prompt == seed.prompt.strip() for seed in seeds)


def test_the_files_are_the_same_every_time(tmp_path: Path) -> None:
    first, second = (write_demo_seeds(tmp_path / name, demo_settings()) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    lines = [msgspec.json.decode(line) for line in first[0].read_bytes().splitlines()]
    assert all(set(line) == {"prompt", "reference", "category", "system"} for line in lines)


@pytest.mark.parametrize(
    ("file", "dataset"),
    [
        ("reviews.jsonl", "reviews"),
        ("My Seeds_2.JSONL", "my-seeds-2"),
        ("calls.csv.gz", "calls"),
        ("---.csv", "seeds"),
        (f"{'a' * 40}.jsonl", "a" * 32),
    ],
)
def test_dataset_names(file: str, dataset: str) -> None:
    assert dataset_name(Path(file)) == dataset


def test_files_that_cannot_be_seeds_are_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "seeds.txt").write_text("x")
    for name in ("missing.jsonl", "seeds.txt"):
        with pytest.raises(LocalAwsError, match="Nothing was started"):
            check_seed_file(tmp_path / name)


def test_expansion_is_asked_for_only_where_it_is_wanted(tmp_path: Path) -> None:
    plain, wanted = (
        msgspec.json.decode(write_demo_seeds(tmp_path / str(n), demo_settings(n))[1].read_bytes()) for n in (0, 400)
    )
    assert "expansion" not in plain
    assert wanted["expansion"].pop("targetPrompts") == 400
    assert {key: value for key, value in wanted.items() if key != "expansion"} == plain


@pytest.mark.parametrize("settings", [tour.FIRST, tour.SECOND])
def test_the_tour_begins_with_files_that_can_make_a_run(tmp_path: Path, settings: dict[str, object]) -> None:
    seeds, _ = write_demo_seeds(tmp_path, settings, tour.SEEDS)
    config, found = check_input({"dataset": DATASET, **settings})
    assert config is not None, found
    found = check_seeds(config, local_files([seeds]))
    assert not found.fatal
    assert sum(found.sides.values()) == tour.SEEDS
