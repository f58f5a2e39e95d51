"""Seeds and the rounds so far -> the requests of the next round of expansion. Choices follow from hashes of the round
and the request's number, so a rerun asks the same and finds what was paid for. Only seeds outside the holdout are
shown: what is measured must not shape what is learnt.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import msgspec

from distillation.errors import InvalidInput
from distillation.expansion.methods import (
    EVOLUTION,
    EXAMPLES,
    OPERATIONS,
    PERSONAS,
    SELF_INSTRUCT,
    TOPICS,
    Ask,
    Topic,
    personas,
    request_text,
)
from distillation.expansion.rounds import (
    RoundCounts,
    category_targets,
    crossed,
    lacking_of_topics,
    missing_by_category,
    prompts_to_ask,
)
from distillation.inference.requests import expansion_request
from distillation.records import Prompt, Request
from distillation.run.config import Split
from distillation.run.curation import Expansion
from distillation.seeds.split import Side, side_of
from distillation.task import Task

TOPICS_A_REQUEST = 10
_draft = partial(Ask, request_id="", parents=())


def parents_of(prompts: Iterable[Prompt], split: Split) -> list[Prompt]:
    """The seeds that may be shown, in an order by content. New prompts have one turn, so seeds of several are not."""
    alone = (prompt for prompt in prompts if prompt.method is None and not prompt.earlier)
    seeds = (prompt for prompt in alone if side_of(prompt, split) is not Side.HOLDOUT)
    return sorted(seeds, key=lambda prompt: hashlib.sha256(prompt.prompt_id.encode()).digest())


def check_parents(prompts: Iterable[Prompt]) -> None:
    """Raises InvalidInput where no seed can be shown, since all have several turns: before anything is paid for."""
    if all(prompt.earlier for prompt in prompts):
        raise InvalidInput(
            "new prompts cannot be made",
            [
                "expansion.targetPrompts: found only seeds of several turns, expected some of one turn: new prompts "
                "have one turn. Leave expansion out"
            ],
        )


class Pools:
    """The seeds that may be shown, by category, and by what they must share to stand in one request."""

    def __init__(self, parents: Sequence[Prompt]) -> None:
        self.all = parents
        self._by_category: dict[str, list[Prompt]] = {}
        self._alike: dict[tuple[str, str], list[Prompt]] = {}
        self._systems: dict[str, list[Prompt]] = {}
        for prompt in parents:
            self._by_category.setdefault(prompt.category or "", []).append(prompt)
            self._alike.setdefault((prompt.category or "", prompt.system), []).append(prompt)
            self._systems.setdefault(prompt.system, []).append(prompt)

    def shown(self, category: str, turn: int, key: str) -> list[Prompt]:
        """Up to six seeds of one system text, of the category where it has any: `turn` picks the first, `key` the
        others.
        """
        mine = self._by_category.get(category)
        first = (mine or self.all)[turn % len(mine or self.all)]
        alike = self._alike[category, first.system] if mine else self._systems[first.system]
        others = (alike[_number(key, draw) % len(alike)] for draw in range(4 * EXAMPLES))
        return list(dict.fromkeys([first, *others]))[:EXAMPLES]


def asks_of_round(
    prompts: Sequence[Prompt], expansion: Expansion, history: Sequence[RoundCounts], topics: Sequence[Topic]
) -> Iterator[tuple[Ask, list[Prompt]]]:
    """The requests of the round after `history`, each with the seeds it shows, out of `prompts` (`parents_of`)."""
    if not prompts:
        return
    pools, number = Pools(prompts), len(history)
    turns: dict[str, int] = {}
    for place, draft in enumerate(_drafts(prompts, expansion, history, topics)):
        key = f"expansion:{number}:{place}"
        category = draft.category or ""
        turn = turns.setdefault(category, _number(f"first:{number}:{category}", 0))
        turns[category] += 1
        shown = pools.shown(category, turn, key)
        yield _ask(draft, shown, key), shown


def _ask(draft: Ask, shown: Sequence[Prompt], key: str) -> Ask:
    parents = tuple(prompt.prompt_id for prompt in shown)
    told = repr((key, draft.method, draft.count, draft.category, draft.about, draft.topics, parents))
    request_id = hashlib.sha256(told.encode()).hexdigest()[:20]
    return msgspec.structs.replace(draft, request_id=request_id, parents=parents, category=draft.category or None)


def request_of(ask: Ask, shown: Sequence[Prompt], expansion: Expansion, task: Task, model: str) -> Request:
    """The request to `model`, with a record id like those of the teacher's answers."""
    prompt = Prompt(prompt_id=ask.request_id, prompt=request_text(ask, shown, task), seed_id="")
    return expansion_request(prompt, expansion, model)


def _drafts(
    prompts: Sequence[Prompt], expansion: Expansion, history: Sequence[RoundCounts], topics: Sequence[Topic]
) -> Iterator[Ask]:
    missing = missing_by_category(category_targets(prompts, expansion), history)
    methods = prompts_to_ask(expansion, history, sum(missing.values()), topics_known=bool(topics))
    if len(history) + 1 < expansion.max_rounds:
        yield from _topic_drafts(expansion, history, topics, missing)
    places = dict.fromkeys(methods, 0)
    for (method, category), wanted in sorted(crossed(methods, missing).items()):
        for count in _evenly(wanted, expansion.prompts_per_request):
            yield _draft(
                method=method,
                count=count,
                category=category,
                about=_about(method, category, places[method], len(history), topics),
            )
            places[method] += 1


def _about(method: str, category: str, place: int, number: int, topics: Sequence[Topic]) -> str:
    if method == SELF_INSTRUCT:
        return ""
    if method == EVOLUTION:
        return OPERATIONS[place % len(OPERATIONS)]
    mine = [topic.topic for topic in topics if topic.category == (category or None)] or [
        topic.topic for topic in topics
    ]
    choices = list(personas()) if method == PERSONAS else mine
    return choices[(place + _number(f"about:{number}:{method}", 0)) % len(choices)]


def _topic_drafts(
    expansion: Expansion, history: Sequence[RoundCounts], topics: Sequence[Topic], missing: Mapping[str, int]
) -> Iterator[Ask]:
    """Requests for the topics that are lacking: first those of a category, then those within the topics known."""
    lacking, whole = lacking_of_topics(expansion, history), sum(missing.values())
    for category, short in missing.items():
        wanted = math.ceil(lacking * short / whole / expansion.prompts_per_request) if whole else 0
        known = [topic for topic in topics if topic.category == (category or None)]
        if wanted > len(known):
            yield from _topic_tree(category, wanted - len(known), known)


def _topic_tree(category: str, wanted: int, known: Sequence[Topic]) -> Iterator[Ask]:
    if not known:
        yield _draft(method=TOPICS, count=min(wanted, TOPICS_A_REQUEST), category=category, topics=True)
        return
    divided = {topic.within for topic in known}
    undivided = [topic.topic for topic in known if topic.topic not in divided]
    for topic, count in zip(undivided, _evenly(wanted, math.ceil(wanted / max(len(undivided), 1))), strict=False):
        yield _draft(method=TOPICS, count=min(count, TOPICS_A_REQUEST), category=category, about=topic, topics=True)


def _evenly(total: int, most: int) -> list[int]:
    """`total` in as few parts of at most `most` as will do, which differ by one at the most."""
    parts = math.ceil(total / most) if total else 0
    return [total // parts + (place < total % parts) for place in range(parts)]


def _number(key: str, draw: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{key}:{draw}".encode()).digest()[:8], "big")
