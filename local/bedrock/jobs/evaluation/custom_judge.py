"""The local judge of custom metrics: the evaluator model, which is the embedded teacher, chooses among the ratings of
the metric's scale.
"""

from local.bedrock.api.api_errors import ApiError
from local.bedrock.jobs.evaluation.data import Answered
from local.bedrock.jobs.evaluation.judge import Score
from local.bedrock.jobs.evaluation.request import VARIABLE, CustomMetric, Rating
from local.bedrock.models.conversation import GREEDY_TEMPERATURE, Conversation, Model, Request, Sampling, Turn

_RATING_TOKENS = 64


def custom_score(item: Answered, metric: CustomMetric, judge: Model) -> Score:
    """The score of one answer. A metric without a scale has an explanation only, as in Bedrock."""
    options = [_option(rating) for rating in metric.ratings]
    sampling = Sampling(temperature=GREEDY_TEMPERATURE, top_p=1.0, max_tokens=_RATING_TOKENS)
    try:
        said = judge.answer(Request(_conversation(item, metric, options), sampling)).text
    except ApiError as error:
        return Score(metric.name, None, f"The evaluator model could not answer: {error.message}")
    if not options:
        return Score(metric.name, None, said)
    chosen = _chosen(said, options)
    if chosen is None:
        return Score(metric.name, None, f"The evaluator model named no rating of the scale: {said}")
    return Score(
        metric.name,
        metric.ratings[chosen].value,
        f"The evaluator model chose '{metric.ratings[chosen].definition}' among the scale's ratings.",
    )


def _conversation(item: Answered, metric: CustomMetric, options: list[str]) -> Conversation:
    """The task as system text with the ratings in its last line, the input variables, which come last in the
    instructions, as the question.
    """
    texts = {"prompt": item.prompt, "prediction": item.answer, "ground_truth": item.reference}
    first = VARIABLE.search(metric.instructions)
    cut = metric.instructions.rfind("\n", 0, first.start()) + 1 if first else 0
    question = VARIABLE.sub(lambda found: texts[found.group(1)], metric.instructions[cut:])
    choice = [f"Answer with exactly one of: {' | '.join(options)}"] if len(options) > 1 else []
    return Conversation(
        "\n\n".join([*filter(None, [metric.instructions[:cut].strip()]), *choice]), (Turn("user", question),)
    )


def _option(rating: Rating) -> str:
    # The bar separates the options of a system text.
    return rating.definition.replace("|", "/")


def _chosen(said: str, options: list[str]) -> int | None:
    """The option that was said, or else the only one that stands in what was said (a teacher behind a URL may say more
    than it should).
    """
    if len(options) == 1 or said.strip() in options:
        return 0 if len(options) == 1 else options.index(said.strip())
    within = [number for number, option in enumerate(options) if option.casefold() in said.casefold()]
    return within[0] if len(within) == 1 else None
