"""The parts of a run's input that decide what is asked beside the seeds and what is learnt from the answers."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from distillation.bedrock.limits import MAX_SAMPLES
from distillation.run.section import Section, problem

Method = Literal["topics", "personas", "evolution", "selfInstruct"]
Switch = Literal["off", "redact", "reject"]
KEY_PATTERN = r"^evaluation/[A-Za-z0-9_.\-/]+\.(jsonl|csv)(\.gz)?$"


def _at_least_one(methods: tuple[Method, ...]) -> tuple[Method, ...]:
    if not methods or len(set(methods)) < len(methods):
        raise problem(", ".join(methods) or "no method", "at least one method, each once")
    return methods


# Counted after the names are checked, so that a wrong name is one problem and not two.
Methods = Annotated[
    tuple[Method, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": 4}),
    AfterValidator(_at_least_one),
]


class Expansion(Section):
    """New prompts that the teacher makes from the seeds. Off by default, and then it costs nothing."""

    target_prompts: int = Field(default=0, ge=0, le=100_000)
    """How many new prompts are wanted; 0 makes none."""
    methods: Methods = ("topics", "personas", "evolution", "selfInstruct")
    """How new prompts are made, in equal shares. `topics`: over a tree of topics. `personas`: as different people would
    ask. `evolution`: a seed made deeper, broader, constrained or more concrete. `selfInstruct`: in the manner of a few
    sampled seeds."""
    prompts_per_request: int = Field(default=5, ge=1, le=20)
    """New prompts that one request asks for."""
    max_rounds: int = Field(default=5, ge=1, le=20)
    """Most rounds of requests."""
    min_yield: float = Field(default=0.05, ge=0, le=1)
    """Expansion ends when less than this share of the prompts that a round asked for is new and usable."""
    temperature: float = Field(default=1.0, ge=0.00001, le=1)
    """Temperature at which new prompts are made."""
    max_tokens: int = Field(default=1024, ge=1, le=5000)
    """Most tokens of a reply with new prompts."""
    categories: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1, max_length=100)] | None = None
    """Wanted share of each category among the new prompts, in any unit (2 to 1); by default that of the seeds."""
    on_topic: float = Field(default=0.05, ge=0, le=0.5)
    """A new prompt is off topic when it is further from its nearest seed than all but this share of the seeds are from
    theirs. 0 turns the test off.
    """


class Examples(Section):
    """What the student learns from the teacher's answers to a prompt."""

    policy: Literal["consensus", "proportional", "best"] = "consensus"
    """`consensus`: one example, the answer that most samples give (free text: the one nearest to the others).
    `proportional`: every accepted sample is an example, so the student learns the teacher's distribution. `best`: the
    sample that matches the reference, else what `filters.judge` rates highest."""
    min_agreement: float = Field(default=0.0, ge=0, le=1)
    """Prompts on whose answer a smaller share of the usable samples agrees are left out."""
    rationale: bool = True
    """Keep the reasoning around the answer of an `answer` task. false trains on the answer alone."""
    trust_reference: bool = False
    """Answers that contradict the seed's reference are rejected."""


class Judge(Section):
    """A model that rates answers by a rubric, through batch jobs."""

    rubric: Annotated[str, Field(min_length=10, max_length=4_000)] | None = None
    """What a good answer is. Without it: correct, complete, and nothing but what was asked."""
    threshold: int = Field(default=3, ge=1, le=5)
    """Answers rated lower are left out (1 is bad, 5 is perfect)."""


class Filters(Section):
    """What makes an answer unfit to learn from. Each filter has a reason code and is counted in the funnel."""

    min_characters: int = Field(default=1, ge=1, le=100_000)
    """Shorter answers are left out (`too_short`)."""
    max_characters: Annotated[int, Field(ge=1, le=200_000)] | None = None
    """Longer answers are left out (`too_long_answer`)."""
    repetition: bool = True
    """Leave out answers that repeat themselves (`repetitive`), by the n-gram rules of Gopher (Rae et al. 2021)."""
    refusals: bool = True
    """Leave out answers that decline (`refusal`)."""
    boilerplate: bool = True
    """Leave out answers that speak of themselves as a language model, or only introduce an answer (`boilerplate`)."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    """Leave out prompts whose answer is in another language than this ISO 639-1 code (`wrong_language`). Texts too
    short to tell are kept.
    """
    personal_data: Switch = "off"
    """E-mail addresses, telephone and card numbers, and the like in prompt or answer: `redact` replaces them by [EMAIL]
    ..., `reject` leaves the prompt out.
    """
    judge: Judge | None = None
    """Have each answer that would be trained on rated (a batch job), and leave out the low ones (`low_rating`)."""


class Duplicates(Section):
    """When two prompts count as the same. The split is by each prompt's own text; where a cluster straddles it, the
    holdout prompts stay and the training prompts go (decision 0013).
    """

    near_threshold: Annotated[float, Field(ge=0.3, le=1)] | None = 0.8
    """Estimated Jaccard similarity of word sequences from which prompts are near duplicates; null: no test."""
    semantic_threshold: Annotated[float, Field(ge=0.5, le=1)] | None = None
    """Cosine similarity of embeddings (Amazon Titan Text Embeddings V2, paid by the token) from which prompts are
    duplicates; null turns the test off.
    """

    @property
    def looked_for(self) -> bool:
        """Whether prompts are compared in more than their text."""
        return self.near_threshold is not None or self.semantic_threshold is not None


class Decontamination(Section):
    """Examples that share word sequences with what is measured are left out."""

    ngram: int = Field(default=13, ge=3, le=50)
    """Length in words of a shared sequence (13: Brown et al. 2020, appendix C). Shorter prompts count as a whole."""
    files: Annotated[tuple[Annotated[str, Field(pattern=KEY_PATTERN)], ...], Field(max_length=20, strict=False)] = ()
    """Keys of further evaluation files in the bucket, in the forms of seed files, below `evaluation/`."""


class Selection(Section):
    """What is kept when more survives than a job takes."""

    max_examples: int = Field(default=MAX_SAMPLES, ge=8, le=MAX_SAMPLES)
    """Most lines of training and validation together (20,000 is Bedrock's limit). Chosen for coverage and agreement;
    the rest is rejected as `not_selected`.
    """


def check_expansion(expansion: Expansion) -> None:
    """Raises a problem where no round could bring a prompt: the first round of `topics` asks for topics."""
    if expansion.target_prompts and expansion.methods == ("topics",) and expansion.max_rounds == 1:
        raise problem(
            "1 with the method topics alone",
            "2 or more: the first round asks for topics, the next for prompts",
            "expansion.maxRounds",
        )


def check_policy(examples: Examples, filters: Filters) -> None:
    """Raises a problem where the policy cannot work: `best` over free samples needs a judge or references."""
    if examples.policy == "best" and filters.judge is None and not examples.trust_reference:
        raise problem(
            "policy best without a judge or references",
            "filters.judge, or examples.trustReference with references in the seeds",
            "examples.policy",
        )
