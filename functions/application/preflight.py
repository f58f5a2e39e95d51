"""Whether a run can be had: its models are looked up; the seeds' prompts allow what the input asks for."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from distillation.arms.direct import check_direct
from distillation.errors import InvalidInput
from distillation.expansion.requests import check_parents
from distillation.records import Prompt
from distillation.run.config import RunConfig
from distillation.task import Task
from distillation.training.managed import check_prompts, trouble_of_teacher

if TYPE_CHECKING:
    from application.services import Services
    from settings import Settings


class ModelFindings(NamedTuple):
    """`problems` stop a run, `warnings` stand in its run.json."""

    problems: list[str]
    warnings: list[str]


def check_models(services: "Services", config: RunConfig) -> ModelFindings:
    """Looks every model and profile of the run up. A LEGACY model is asked for one token: Bedrock refuses it to
    accounts that did not use it for 15 days, and would say so in each record of a paid run.
    """
    settings, catalogue = services.settings, services.catalogue
    judge, embedder = extra_models(settings, config)
    asked_as = {
        settings.teacher_model_id: settings.teacher_invoke_id,
        settings.student_model_id: settings.base_invoke_id,
        judge.removeprefix("us."): judge,
        embedder: "",
    }
    found, warnings = [trouble_of_teacher(settings.teacher_model_id) if config.training.managed else None], list[str]()
    for model, invoked in asked_as.items():
        if model:
            look = catalogue.look(model)
            found.append(look.problem)
            if look.legacy:
                warnings.append(f"the model {model} is LEGACY: Bedrock will end it; choose its successor in time")
                found.append(services.models.refusal(invoked) if invoked else None)
    profiles = dict.fromkeys([settings.teacher_invoke_id, judge])
    found += [catalogue.problem_with_profile(profile) for profile in profiles if profile and profile not in asked_as]
    return ModelFindings([problem for problem in found if problem], warnings)


def check_seed_prompts(config: RunConfig, task: Task, prompts: Callable[[], Iterable[Prompt]]) -> None:
    """Raises InvalidInput with all that the input asks for and the seeds' prompts (read anew by each check) forbid."""
    checks: list[tuple[bool, Callable[[], None]]] = [
        (config.arms.direct, lambda: check_direct(prompts(), task)),
        (config.expansion.target_prompts > 0, lambda: check_parents(prompts())),
        (config.training.managed, lambda: check_prompts(prompts(), config)),
    ]
    problems = list[str]()
    for wanted, check in checks:
        try:
            if wanted:
                check()
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput("the seeds do not allow what the input asks for", problems)


def extra_models(settings: "Settings", config: RunConfig) -> tuple[str, str]:
    """The judge and the embedding model, each empty where this run asks neither."""
    judge = settings.judge_invoke_id if config.filters.judge or config.evaluation.judge else ""
    return judge, settings.embedding_model_id if config.duplicates.semantic_threshold else ""
