"""Candidates and holdout prompts as shards hand them on, for the tests of the merge."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from distillation.dataset.merge import Decision, decide
from distillation.records import Candidate, HoldoutCandidate, Prompt, Seed
from distillation.run.config import Split
from distillation.seeds.prompts import prompt_id
from distillation.seeds.split import Side, side_of
from distillation.similarity.prompt_keys import keys_of
from distillation.similarity.words import CommonShingles
from tests.worlds.run_records import run_record

NO_TEMPLATE = CommonShingles(prompts=0, shingles=())
SPLIT = Split(holdout_share=0.2, validation_share=0.1)
JUDGE = {"filters": {"judge": {"threshold": 3}}, "models": {"judge": "judge"}}
STORY = (
    "a long story about the {} that went over the hills and far away until nobody could see it from the old house by "
    "the river any more, "
    "so all of its friends sat down at their table and wrote letters that no postman ever wanted to carry"
)
"""With two animals these are near duplicates: 44 of 47 sequences of three words in each are the same, so 44/50."""


def prompt(text: str, system: str = "", category: str | None = None, method: str | None = None) -> Prompt:
    return Prompt(
        prompt_id=prompt_id(system, text), prompt=text, seed_id="s", system=system, category=category, method=method
    )


def candidate(
    text: str,
    *,
    agreement: float = 1.0,
    answers: tuple[str, ...] = ("yes",),
    entropy: float = 0.0,
    system: str = "",
    category: str | None = None,
) -> Candidate:
    asked = prompt(text, system, category)
    key = keys_of([asked], NO_TEMPLATE)[0]
    return Candidate(
        key=key, prompt=text, answers=answers, agreement=agreement, entropy=entropy, system=system, category=category
    )


def held(text: str, *, reference: str | None = None, system: str = "", category: str | None = None) -> HoldoutCandidate:
    return HoldoutCandidate(
        key=keys_of([prompt(text, system)], NO_TEMPLATE)[0],
        prompt=text,
        reference=reference,
        system=system,
        category=category,
    )


def merged(
    held: Iterable[HoldoutCandidate],
    candidates: Iterable[Candidate],
    evaluation: Sequence[Seed] = (),
    ratings: Mapping[str, int] | None = None,
    common: CommonShingles = NO_TEMPLATE,
    **config: Any,
) -> Decision:
    """The decision of a run whose input says `config`."""
    return decide(held, candidates, run_record(**config), common, evaluation=evaluation, ratings=ratings)


def texts_on(side: Side, count: int, split: Split = SPLIT, start: int = 0) -> list[str]:
    """The first `count` of a row of texts, no two alike, that fall on a side."""
    found: Iterable[str] = (
        f"item{n} asks about{n} topic{n} with{n} words{n}" for n in range(start, start + 1_000 * count)
    )
    chosen = (text for text in found if side_of(prompt(text), split) is side)
    return [text for text, _ in zip(chosen, range(count), strict=False)]
