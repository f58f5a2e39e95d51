"""The demo's data: 400 review sentences with their labels, converted at run time from the npm package `sentiment`.

They are the "Sentiment Labelled Sentences" of Kotzias et al. (2015), 3,000 sentences of Amazon, Yelp and IMDb, half of
them positive. The labels go along as references: only scoring reads them, and the training of the arm `direct`.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from local.errors import LocalAwsError
from local.paths import NODE_MODULES

DATASET = "reviews"
COUNT = 400
SYSTEM = "Classify the sentiment of the review sentence."
LABELS = ("negative", "positive")
SETTINGS: dict[str, object] = {
    "licence": "cc-by-4.0",
    "task": {"kind": "label", "labels": ["positive", "negative"]},
    "split": {"holdoutShare": 0.35},
    "arms": {"fewShot": 6, "direct": True},
    "evaluation": {"samples": 2},
}
# The embedded teacher is small: cooler, it makes more sense. Three prompts a request, so that the first round of the
# demo's 400 is a batch of 100.
EXPANSION = {"temperature": 0.8, "promptsPerRequest": 3}

_FIXTURES = NODE_MODULES / "sentiment" / "test" / "fixtures"
_SITES = ("amazon", "yelp", "imdb")


class _Sentence(msgspec.Struct, frozen=True):
    """One entry of a fixture. The last one of each file is empty."""

    text: str
    label: int | None = msgspec.field(default=None, name="class")


class Seed(msgspec.Struct, frozen=True):
    """One line of the seed file."""

    prompt: str
    reference: str
    category: str
    system: str = SYSTEM


def demo_settings(expand: int = 0) -> dict[str, object]:
    """The demo's input. `expand`: new prompts that the run is to make."""
    return SETTINGS | ({"expansion": {"targetPrompts": expand, **EXPANSION}} if expand else {})


def write_demo_seeds(folder: Path, wanted: dict[str, object], count: int = COUNT) -> tuple[Path, Path]:
    """Write seeds.jsonl and input.json (`wanted`) to `folder`; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    seeds, settings = folder / "seeds.jsonl", folder / "input.json"
    seeds.write_bytes(b"".join(msgspec.json.encode(seed) + b"\n" for seed in demo_seeds(count)))
    settings.write_bytes(msgspec.json.format(msgspec.json.encode(wanted)) + b"\n")
    return seeds, settings


def demo_seeds(count: int = COUNT) -> list[Seed]:
    """The first `count` usable sentences, dealt in turn from each site and each label, without duplicates."""
    piles = [_labelled(site, label) for site in _SITES for label in range(len(LABELS))]
    dealt = (seed for row in zip(*piles, strict=False) for seed in row)
    return list(itertools.islice(_distinct(dealt), count))


def _labelled(site: str, label: int) -> Iterator[Seed]:
    for sentence in _sentences(_FIXTURES / f"{site}.json"):
        if sentence.label == label and sentence.text.strip():
            yield Seed(prompt=sentence.text.strip(), reference=LABELS[label], category=site)


def _sentences(path: Path) -> list[_Sentence]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[_Sentence])
    except FileNotFoundError:
        raise LocalAwsError(f"The demo's sentences are not there ({path}). Run: make install") from None


def _distinct(seeds: Iterable[Seed]) -> Iterator[Seed]:
    seen: set[str] = set()
    for seed in seeds:
        words = " ".join(seed.prompt.casefold().split())
        if words not in seen:
            seen.add(words)
            yield seed
