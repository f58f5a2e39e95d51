"""Replies of a round of expansion -> new prompts, topics and rejections. Every item of a reply comes out exactly once.

Reasons: no_reply, unparseable_reply (of a request); empty_prompt, control_character, lone_surrogate, reserved_word,
too_long (as for seeds), off_topic, duplicate, near_duplicate, over_target (of an item); not_a_topic, duplicate (of a
topic).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic.alias_generators import to_camel

from distillation.bedrock.limits import reserved_word_in
from distillation.errors import RecordsLost
from distillation.expansion.diversity import SeedTopic, twins
from distillation.expansion.methods import Ask, Topic
from distillation.expansion.reply_lists import items_of
from distillation.expansion.rounds import RoundCounts, RoundsSoFar, category_targets, missing_by_category
from distillation.records import Answer, Prompt, Record, RejectedAnswer
from distillation.run.config import RunConfig
from distillation.seeds.formats import SeedFields
from distillation.seeds.prompts import own_system, prompt_id
from distillation.seeds.reader import trouble_of
from distillation.similarity.words import folded_text
from distillation.task import Task

TOPIC_CHARACTERS = 80
TRUNCATED = "truncated"

Reply = Answer | RejectedAnswer


class RejectedPrompt(Record, frozen=True, omit_defaults=True):
    """What of a reply is no new prompt and why: `1-prompts/expansion/rejected-NN.jsonl`. Read by people and the report.
    `item` counts from 1; 0 stands for the whole request.
    """

    request_id: str
    method: str
    reason: str
    item: int = 0
    text: str | None = None
    detail: str = ""


class _Item(NamedTuple):
    """An item of a reply: number `number` (from 1) of `ask`."""

    ask: Ask
    number: int
    text: str

    @property
    def key(self) -> str:
        return f"{self.ask.request_id}-{self.number}"

    def rejected(self, reason: str, detail: str = "") -> RejectedPrompt:
        return RejectedPrompt(
            request_id=self.ask.request_id,
            method=self.ask.method,
            reason=reason,
            item=self.number,
            text=self.text,
            detail=detail,
        )


def read_round(
    asks: Sequence[Ask], replies: Mapping[str, Reply], known: RoundsSoFar, config: RunConfig, task: Task
) -> tuple[list[Prompt], list[Topic], list[RejectedPrompt], RoundCounts]:
    """Reads the replies (by request id) to `asks`: new prompts, new topics, rejections, counts. More than is missing of
    a category is rejected as over_target. Raises RecordsLost where an item came out not at all or twice.
    """
    items, rejected = _items(asks, replies)
    topics, no_topics = _new_topics([item for item in items if item.ask.topics], known.topics)
    written = [item for item in items if not item.ask.topics]
    sound, unsound = _sound(written, known, config, task)
    kept, not_new = _new(sound, known, config)
    apart = [*no_topics, *unsound, *not_new]
    _check(
        items, [f"{one.request_id}-{one.item}" for one in apart], [key for key, _ in kept], [key for key, _ in topics]
    )
    rejected = sorted([*rejected, *apart], key=lambda one: (one.method, one.request_id, one.item))
    prompts = [prompt for _, prompt in kept]
    counts = _counts(known.number, asks, written, prompts, rejected=rejected, topics=len(topics))
    return prompts, [topic for _, topic in topics], rejected, counts


def _items(asks: Sequence[Ask], replies: Mapping[str, Reply]) -> tuple[list[_Item], list[RejectedPrompt]]:
    items: list[_Item] = []
    rejected: list[RejectedPrompt] = []
    for ask in asks:
        reply = replies.get(ask.request_id)
        texts = _texts(reply)
        items += [_Item(ask, number, text) for number, text in enumerate(texts, 1)]
        if not texts:
            reason, detail = _why_nothing(reply)
            rejected.append(
                RejectedPrompt(
                    request_id=ask.request_id,
                    method=ask.method,
                    reason=reason,
                    text=reply.text if reply else None,
                    detail=detail,
                )
            )
    return items, rejected


def _texts(reply: Reply | None) -> list[str]:
    """The items of a reply. One that was cut at maxTokens gives all but its last: they are whole, and paid for."""
    if isinstance(reply, Answer):
        return items_of(reply.text)
    return items_of(reply.text or "")[:-1] if reply and reply.reason == TRUNCATED else []


def _why_nothing(reply: Reply | None) -> tuple[str, str]:
    if reply is None:
        return "no_reply", "Bedrock wrote none"
    if isinstance(reply, RejectedAnswer) and reply.reason != TRUNCATED:
        return "no_reply", f"{reply.reason}: {reply.detail}"
    return "unparseable_reply", "neither numbered lines nor a JSON list of strings" if isinstance(
        reply, Answer
    ) else "cut at maxTokens before its second item"


def _new_topics(items: Sequence[_Item], known: Sequence[Topic]) -> tuple[list[tuple[str, Topic]], list[RejectedPrompt]]:
    seen = {(topic.category, folded_text(topic.topic)) for topic in known}
    topics: list[tuple[str, Topic]] = []
    rejected: list[RejectedPrompt] = []
    for item in items:
        text, name = item.text.rstrip(" .;,"), (item.ask.category, folded_text(item.text.rstrip(" .;,")))
        if not text or len(text) > TOPIC_CHARACTERS or "<" in text or reserved_word_in(text) or not text.isprintable():
            rejected.append(
                item.rejected("not_a_topic", f"a topic has at most {TOPIC_CHARACTERS} characters on one line")
            )
        elif name in seen:
            rejected.append(item.rejected("duplicate"))
        else:
            topics.append((item.key, Topic(topic=text, category=item.ask.category, within=item.ask.about)))
        seen.add(name)
    return topics, rejected


def _sound(
    items: Sequence[_Item], known: RoundsSoFar, config: RunConfig, task: Task
) -> tuple[list[tuple[_Item, Prompt]], list[RejectedPrompt]]:
    """The items that could be asked, trained on, and are on topic."""
    parents = {prompt.prompt_id: prompt for prompt in known.parents}
    usable: list[tuple[_Item, Prompt]] = []
    rejected: list[RejectedPrompt] = []
    for item in items:
        first = parents[item.ask.parents[0]]
        if bad := trouble_of(SeedFields(prompt=item.text, system=first.system)):
            rejected.append(item.rejected(bad.reason, f"found {bad.found}"))
        else:
            usable.append((item, _prompt(item, first, task)))
    if not config.expansion.on_topic:
        return usable, rejected
    topic = SeedTopic([prompt.prompt for prompt in known.parents], config.expansion.on_topic)
    measured = list(zip(usable, topic.distances([prompt.prompt for _, prompt in usable]), strict=True))
    rejected += [
        item.rejected("off_topic", f"{distance:.3f} from the nearest seed, at most {topic.limit:.3f}")
        for (item, _), distance in measured
        if distance > topic.limit
    ]
    return [pair for pair, distance in measured if distance <= topic.limit], rejected


def _prompt(item: _Item, first: Prompt, task: Task) -> Prompt:
    return Prompt(
        prompt_id=prompt_id(own_system(first.system, task), item.text),
        prompt=item.text,
        seed_id=first.seed_id,
        system=first.system,
        category=item.ask.category,
        group=first.group,
        method=item.ask.method,
        parents=item.ask.parents,
    )


def _new(
    sound: Sequence[tuple[_Item, Prompt]], known: RoundsSoFar, config: RunConfig
) -> tuple[list[tuple[str, Prompt]], list[RejectedPrompt]]:
    """The prompts that nobody said before, as many of each category as are missing, first come first served."""
    new = [prompt for _, prompt in sound]
    found = twins([*known.seeds, *known.expanded], new, config.duplicates.near_threshold)
    kept: dict[int, tuple[str, Prompt]] = {}
    rejected: list[RejectedPrompt] = []
    left = missing_by_category(category_targets(known.parents, config.expansion), known.history)
    for place, (item, prompt) in enumerate(sound):
        twin = next((one for one in found[place] if one[0] < 0 or one[0] in kept), None)
        if twin:
            rejected.append(item.rejected(twin[2], f"of {twin[1]}"))
        elif left.get(prompt.category or "", 0) <= 0:
            rejected.append(item.rejected("over_target"))
        else:
            kept[place] = (item.key, prompt)
            left[prompt.category or ""] -= 1
    return list(kept.values()), rejected


def _check(items: Sequence[_Item], *out: list[str]) -> None:
    came, went = {item.key for item in items}, Counter(key for keys in out for key in keys)
    if came != set(went) or len(items) != went.total():
        raise RecordsLost(
            "ReadExpansion", came - set(went), {key for key, times in went.items() if times > 1 or key not in came}
        )


def _counts(
    number: int,
    asks: Sequence[Ask],
    written: Sequence[_Item],
    prompts: Sequence[Prompt],
    *,
    rejected: Sequence[RejectedPrompt],
    topics: int,
) -> RoundCounts:
    asked_topics = {ask.request_id for ask in asks if ask.topics}
    methods = {ask.method: {"requests": 0, "asked": 0, "parsed": 0, "kept": 0} for ask in asks}
    for ask in asks:
        methods[ask.method]["requests"] += 1
        methods[ask.method]["asked"] += 0 if ask.topics else ask.count
    for item in written:
        methods[item.ask.method]["parsed"] += 1
    for prompt in prompts:
        methods[prompt.method or ""]["kept"] += 1
    for one in rejected:
        if one.request_id not in asked_topics:
            found, reason = methods[one.method], to_camel(one.reason)
            found[reason] = found.get(reason, 0) + 1
    categories = Counter(prompt.category or "" for prompt in prompts)
    return RoundCounts(round=number, methods=methods, categories=dict(sorted(categories.items())), topics=topics)


def reply_by_request(replies: Sequence[Reply]) -> dict[str, Reply]:
    """The replies by the request id in their record ids; of several the first usable one stands."""
    ordered = sorted(replies, key=lambda reply: isinstance(reply, RejectedAnswer))
    found: dict[str, Reply] = {}
    for reply in ordered:
        found.setdefault(reply.prompt_id, reply)
    return found
