"""Managed distillation: its rules (Amazon Nova user guide, "Preparing data for distilling understanding models"), and
the teacher's answers to its prompts.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local.bedrock import catalog
from local.bedrock.api.api_errors import ApiError, invalid
from local.bedrock.identifiers import last_part
from local.bedrock.jobs.customization.training_data import BadTrainingData, Example, Line, read_lines, reserved_word
from local.bedrock.models.conversation import GREEDY_TEMPERATURE, MAX_TOKENS, Conversation, Model, Request, Sampling

MIN_PROMPTS, MAX_PROMPTS = 100, 15_000
TEACHERS = ("amazon.nova-pro-v1:0",)
# The user guide's own examples; the API reference names no default.
_DEFAULT_RESPONSE_TOKENS = 1000
_WORKERS = 8
_USABLE = ("end_turn", "stop_sequence")


def check_request(parameters: dict[str, Any], region: str) -> None:
    """Raise ValidationException where a request is not one of distillation."""
    config = parameters.get("customizationConfig", {}).get("distillationConfig")
    if config is None:
        raise invalid("A distillation job needs customizationConfig.distillationConfig.teacherModelConfig.")
    teacher = config["teacherModelConfig"]["teacherModelIdentifier"]
    if catalog.text_model(teacher, region).model_id not in TEACHERS:
        raise invalid(
            f"The teacher model {teacher} cannot distil into {last_part(parameters['baseModelIdentifier'])}. Use "
            f"{', '.join(TEACHERS)}."
        )
    if not 1 <= response_tokens(parameters) <= MAX_TOKENS:
        raise invalid(f"maxResponseLengthForInference must be between 1 and {MAX_TOKENS}.")


def response_tokens(parameters: dict[str, Any]) -> int:
    """The most tokens that the teacher may say to a prompt."""
    teacher = parameters["customizationConfig"]["distillationConfig"]["teacherModelConfig"]
    return int(teacher.get("maxResponseLengthForInference", _DEFAULT_RESPONSE_TOKENS))


def read_prompts(data: bytes, file: str) -> list[Example]:
    """Every line as an example; one without an answer has the empty response.

    Raises BadTrainingData at the first broken rule.
    """
    prompts = [_prompt(line) for line in read_lines(data, file)]
    if not MIN_PROMPTS <= len(prompts) <= MAX_PROMPTS:
        raise BadTrainingData(
            f"The training data has {len(prompts)} prompts; distillation takes {MIN_PROMPTS} to {MAX_PROMPTS}."
        )
    return prompts


def answered(prompts: list[Example], teacher: Model, max_tokens: int, check_stop: Callable[[], None]) -> list[Example]:
    """The prompts, each with its own answer or the teacher's greedy one.

    Left out: a prompt whose answer cannot be trained on.
    """
    sampling = Sampling(temperature=GREEDY_TEMPERATURE, top_p=1.0, max_tokens=max_tokens)

    def answer(prompt: Example) -> Example:
        check_stop()
        return (
            prompt
            if prompt.response
            else prompt._replace(response=_ask(teacher, Request(prompt.conversation, sampling)))
        )

    with ThreadPoolExecutor(_WORKERS) as pool:
        return [example for example in pool.map(answer, prompts) if example.response]


def _ask(teacher: Model, request: Request) -> str:
    """The teacher's answer; empty where there is none that can be trained on."""
    try:
        reply = teacher.answer(request)
    except ApiError:
        return ""
    return reply.text if reply.stop_reason in _USABLE and reply.text.strip() and not reserved_word(reply.text) else ""


def _prompt(line: Line) -> Example:
    roles = [turn.role for turn in line.turns]
    if len(line.system) > 1:
        raise BadTrainingData(f"{line.where}: system must hold at most one text.")
    if roles not in (["user"], ["user", "assistant"]):
        raise BadTrainingData(
            f"{line.where}: messages must hold a user message and at most one assistant message after it; found "
            f"{roles}."
        )
    return Example(Conversation("\n".join(line.system), line.turns[:1]), line.turns[1].text if len(roles) > 1 else "")
