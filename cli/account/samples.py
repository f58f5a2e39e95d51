"""What `prove` asks, trains on and has judged: a few words each, so that all of it costs cents."""

from distillation.bedrock.training_lines import conversation_line
from distillation.inference.requests import requests_of
from distillation.judging.answers import JudgingLine
from distillation.records import Prompt, Request
from distillation.run.config import Sampling
from distillation.run.evaluation import CustomMetric

SYSTEM = "Is the review good or bad?\n\nAnswer with exactly one of: good | bad"
_THINGS = ("film", "food", "room", "book", "phone", "tour", "seat", "song", "show", "tea")
REVIEWS = tuple(
    (f"The {thing} was {how}.", label) for thing in _THINGS for how, label in (("great", "good"), ("awful", "bad"))
)
"""20 reviews, each with its label."""
METRIC = CustomMetric(
    name="matches",
    instructions="Say whether the answer has the same meaning as the reference.\n"
    "Question: {{prompt}}\nReference: {{ground_truth}}\nAnswer: {{prediction}}",
    scale={"same": 1.0, "other": 0.0},
)
_SAMPLING = Sampling(greedy=1, sampled=4, temperature=1.0, top_p=1.0, max_tokens=8)


def requests(model: str) -> list[Request]:
    """100 requests: five for each review."""
    return [
        request
        for number, (text, _) in enumerate(REVIEWS)
        for request in requests_of(
            Prompt(prompt_id=f"{number:020x}", prompt=text, seed_id=str(number), system=SYSTEM), _SAMPLING, model
        )
    ]


def greedy_request(model: str) -> Request:
    """One greedy request."""
    return requests(model)[0]


def training_lines(count: int = 8) -> list[bytes]:
    """So many training lines, the fewest that a job takes by default."""
    return [conversation_line(SYSTEM, text, label) for text, label in REVIEWS[:count]]


def judging_lines(source: str) -> list[JudgingLine]:
    """Ten answers that were made before, one of them wrong."""
    return [
        JudgingLine(
            prompt=f"{SYSTEM}\n\n{text}",
            reference_response=label,
            model_responses=({"response": label if number else "bad", "modelIdentifier": source},),
        )
        for number, (text, label) in enumerate(REVIEWS[:10])
    ]
