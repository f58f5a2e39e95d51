"""The ways in which the teacher makes new prompts, and what it is told in each.

topics        a tree of topics, asked for first, then prompts on each topic
personas      as different people would write (Ge et al. 2024, Persona Hub), from a fixed list: no round of its own
evolution     a seed made deeper, broader, constrained or more concrete (Xu et al. 2023, Evol-Instruct)
selfInstruct  in the manner of sampled seeds (Wang et al. 2022, Self-Instruct)

Each shows seeds as examples of kind, form and length. Seeds stand between tags and are called data; what could close
the tag is escaped.
"""

import json
from collections.abc import Sequence

from distillation.instructions import lines_of, template
from distillation.records import Prompt, Record
from distillation.seeds.prompts import own_system
from distillation.task import Task

TOPICS, PERSONAS, EVOLUTION, SELF_INSTRUCT = "topics", "personas", "evolution", "selfInstruct"
OPERATIONS = ("deeper", "broader", "constraint", "concretise")
EXAMPLES = 6
"""Seeds shown in a request, as many human-written ones as Self-Instruct shows."""


class Ask(Record, frozen=True, omit_defaults=True):
    """One request for new prompts, or for `topics`: `1-prompts/expansion/asks-NN.jsonl`.

    `request_id` (20 hexadecimal digits) stands in the place of a prompt id. `parents` are the ids of the seeds shown,
    the first the one whose system text and category the new prompts get. `about`: its topic, persona or operation. A
    draft has neither id nor parents.
    """

    request_id: str
    method: str
    count: int
    parents: tuple[str, ...]
    category: str | None = None
    about: str = ""
    topics: bool = False


class Topic(Record, frozen=True, omit_defaults=True):
    """A node of the topic tree of a category, `within` another: `1-prompts/expansion/topics-NN.jsonl`."""

    topic: str
    category: str | None = None
    within: str = ""


def personas() -> tuple[str, ...]:
    """The people in whose place prompts are written."""
    return lines_of("expand_personas_list.txt")


def request_text(ask: Ask, shown: Sequence[Prompt], task: Task) -> str:
    """What the teacher is told. `shown`: the seeds, all with the system text of the first."""
    as_json = any(_breaks_a_line(prompt.prompt) for prompt in shown)
    reply = template("expand_reply_json.txt" if as_json else "expand_reply_lines.txt")
    return template("expand_frame.txt").substitute(
        context=_context(own_system(shown[0].system, task), ask.category),
        texts="\n".join(
            f"{number}. {_quoted(prompt.prompt) if as_json else prompt.prompt.strip()}"
            for number, prompt in enumerate(shown, 1)
        ),
        wish=_wish(ask),
        reply=reply.substitute(count=ask.count, thing="topics" if ask.topics else "texts"),
    )


def _context(instruction: str, category: str | None) -> str:
    told = (
        template("expand_instruction.txt").substitute(instruction=_harmless(instruction)) + "\n" if instruction else ""
    )
    named = template("expand_category.txt").substitute(category=_harmless(category)) + "\n" if category else ""
    return told + named


def _wish(ask: Ask) -> str:
    about, count = ask.about, ask.count
    if ask.topics:
        return template("expand_subtopics.txt" if about else "expand_topics.txt").substitute(count=count, topic=about)
    if ask.method == TOPICS:
        return template("expand_topic.txt").substitute(count=count, topic=about)
    if ask.method == PERSONAS:
        return template("expand_persona.txt").substitute(count=count, persona=about)
    name = f"expand_{about}.txt" if ask.method == EVOLUTION else "expand_self_instruct.txt"
    return template(name).substitute(count=count)


def _breaks_a_line(text: str) -> bool:
    return len(text.strip().splitlines()) > 1 or "</" in text


def _quoted(text: str) -> str:
    """As a JSON string that holds neither a line break nor a closing tag."""
    return json.dumps(text, ensure_ascii=False).replace("</", "<\\/")


def _harmless(text: str) -> str:
    return text.replace("</", "<\\/")
