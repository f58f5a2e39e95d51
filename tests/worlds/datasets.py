"""Candidates and holdout prompts as shards hand them on, for the tests of the merge."""

from collections.abc import Iterable

from distillation.dataset.merge import MergePlan
from distillation.dataset.ratings import Judging
from distillation.records import Candidate, Held, Prompt
from distillation.run.config import SplitPlan
from distillation.seeds.prompts import prompt_id
from distillation.seeds.split import Side, side_of
from distillation.similarity.prompt_keys import keys_of
from distillation.similarity.words import CommonShingles

NO_TEMPLATE = CommonShingles(prompts=0, shingles=())
PLAN = MergePlan(
    split=SplitPlan(holdout_share=0.2, validation_share=0.1),
    common=NO_TEMPLATE,
    near_threshold=0.8,
    semantic_threshold=None,
    ngram=13,
    max_lines=20_000,
    judging=None,
)
JUDGING = Judging(model="judge", threshold=3, rubric=None, best_only=False)
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


def held(text: str, *, reference: str | None = None, system: str = "", category: str | None = None) -> Held:
    return Held(
        key=keys_of([prompt(text, system)], NO_TEMPLATE)[0],
        prompt=text,
        reference=reference,
        system=system,
        category=category,
    )


def texts_on(side: Side, count: int, plan: SplitPlan = PLAN.split, start: int = 0) -> list[str]:
    """The first `count` of a row of texts, no two alike, that fall on a side."""
    found: Iterable[str] = (
        f"item{n} asks about{n} topic{n} with{n} words{n}" for n in range(start, start + 1_000 * count)
    )
    chosen = (text for text in found if side_of(prompt(text), plan) is side)
    return [text for text, _ in zip(chosen, range(count), strict=False)]
