"""How many new prompts each round asks for, by method and category; when the rounds end, and why, in words."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from distillation.apportionment import apportion
from distillation.expansion.methods import TOPICS, Topic
from distillation.records import Prompt, Record
from distillation.run.curation import Expansion

MOST_ASKED_FOR_ONE = 5
"""Most prompts asked for each missing one: a poor method must not make a round expensive."""
_LOWEST_YIELD = 0.02


class RoundCounts(Record, frozen=True):
    """`1-prompts/expansion/counts-NN.json`: what a round asked and what became of it. `methods`: method -> requests,
    asked (prompts), parsed, each reason of rejection, kept. `categories`: category ("" for none) -> kept. `topics`: new
    topics.
    """

    round: int
    methods: dict[str, dict[str, int]]
    categories: dict[str, int]
    topics: int = 0

    @property
    def asked(self) -> int:
        """New prompts that the round asked for."""
        return sum(counts["asked"] for counts in self.methods.values())

    @property
    def kept(self) -> int:
        """New prompts that it brought."""
        return sum(counts["kept"] for counts in self.methods.values())

    @property
    def usable(self) -> int:
        """New prompts that it brought, those over the target too."""
        return self.kept + sum(counts.get("overTarget", 0) for counts in self.methods.values())


class RoundsSoFar(NamedTuple):
    """What round `number` (from 0) stands on: the seeds (the holdout's too), of which `parents` may be shown, being
    neither of the holdout nor twins of one that is; the earlier rounds' counts and topics, and the prompts they kept.
    """

    number: int
    seeds: list[Prompt]
    parents: list[Prompt]
    history: list[RoundCounts]
    topics: list[Topic]
    expanded: list[Prompt]


class ExpansionSummary(Record, frozen=True):
    """`1-prompts/expansion/summary.json`: asked N, got N or why not. Read by the manifest and the report."""

    target: int
    kept: int
    rounds: int
    why: str
    methods: dict[str, dict[str, int]]
    categories: dict[str, int]
    topics: int


def category_targets(parents: Iterable[Prompt], expansion: Expansion) -> dict[str, int]:
    """New prompts wanted of each category ("" for none): the shares that the input sets, else the seeds'."""
    weights = expansion.categories or Counter(prompt.category or "" for prompt in parents)
    return apportion(expansion.target_prompts, dict(sorted(weights.items())))


def missing_by_category(targets: Mapping[str, int], history: Sequence[RoundCounts]) -> dict[str, int]:
    """What each category still lacks."""
    return {
        category: wanted - sum(counts.categories.get(category, 0) for counts in history)
        for category, wanted in targets.items()
    }


def prompts_to_ask(
    expansion: Expansion, history: Sequence[RoundCounts], missing: int, *, topics_known: bool
) -> dict[str, int]:
    """Method -> prompts that the next round asks for.

    What is missing is shared out by what each method lacks of its equal share and by its yield so far (1 if never
    asked), then divided by that yield. `topics` waits for its topics, unless no round would be left for it.
    """
    methods = expansion.methods
    lacking = {method: _lacking(expansion, history, method) for method in methods}
    ready = [method for method in methods if method != TOPICS or topics_known]
    last = len(history) + 1 >= expansion.max_rounds
    if not last and sum(lacking.values()) > 0:
        missing = round(missing * sum(lacking[method] for method in ready) / sum(lacking.values()))
    yields = {method: yield_of(history, method) for method in ready}
    weights = {method: lacking[method] * yields[method] for method in ready}
    hoped = apportion(missing, weights if sum(weights.values()) > 0 else yields)
    return {
        method: min(math.ceil(hope / yields[method]), hope * MOST_ASKED_FOR_ONE)
        for method, hope in hoped.items()
        if hope
    }


def lacking_of_topics(expansion: Expansion, history: Sequence[RoundCounts]) -> float:
    """Prompts that the method `topics` still lacks of its share."""
    return _lacking(expansion, history, TOPICS) if TOPICS in expansion.methods else 0.0


def yield_of(history: Sequence[RoundCounts], method: str) -> float:
    """Share of the prompts asked of a method that were usable; 1 where none was asked."""
    asked = _sum(history, method, "asked")
    usable = _sum(history, method, "kept") + _sum(history, method, "overTarget")
    return min(max(usable / asked, _LOWEST_YIELD), 1.0) if asked else 1.0


def crossed(methods: Mapping[str, int], categories: Mapping[str, int]) -> Counter[tuple[str, str]]:
    """Prompts to ask by method and category: both sums hold exactly, and no method is tied to a category."""
    total = sum(methods.values())
    dealt = [category for category, number in apportion(total, categories).items() for _ in range(number)]
    in_turn = [method for method, number in methods.items() for _ in range(number)]
    order = sorted(range(len(dealt)), key=lambda place: hashlib.sha256(f"crossed:{place}".encode()).digest())
    return Counter((in_turn[place], dealt[at]) for at, place in enumerate(order))


def why_it_ends(expansion: Expansion, history: Sequence[RoundCounts]) -> str | None:
    """Why no further round follows the last of `history`, in words; None where one does."""
    last, kept = history[-1], sum(counts.kept for counts in history)
    if kept >= expansion.target_prompts:
        return "target reached"
    if not last.asked and not last.topics:
        return f"round {last.round + 1} could ask for nothing: no topic was found, or every seed is held out"
    if last.asked and last.usable / last.asked < expansion.min_yield:
        share = f"{last.usable} usable new prompts of {last.asked} asked ({last.usable / last.asked:.1%})"
        return f"round {last.round + 1} brought {share}, less than minYield {expansion.min_yield:.1%}"
    return f"all {len(history)} rounds of maxRounds used" if len(history) >= expansion.max_rounds else None


def summary(expansion: Expansion, history: Sequence[RoundCounts], why: str) -> ExpansionSummary:
    """The account of all rounds."""
    methods: dict[str, Counter[str]] = {
        method: Counter({"requests": 0, "asked": 0, "parsed": 0, "kept": 0}) for method in expansion.methods
    }
    categories: Counter[str] = Counter()
    for counts in history:
        categories.update(counts.categories)
        for method, found in counts.methods.items():
            methods[method].update(found)
    return ExpansionSummary(
        target=expansion.target_prompts,
        kept=sum(counts.kept for counts in history),
        rounds=len(history),
        why=why,
        methods={method: dict(found) for method, found in methods.items()},
        categories=dict(sorted(categories.items())),
        topics=sum(counts.topics for counts in history),
    )


def _lacking(expansion: Expansion, history: Sequence[RoundCounts], method: str) -> float:
    return max(expansion.target_prompts / len(expansion.methods) - _sum(history, method, "kept"), 0.0)


def _sum(history: Sequence[RoundCounts], method: str, name: str) -> int:
    return sum(counts.methods.get(method, {}).get(name, 0) for counts in history)
