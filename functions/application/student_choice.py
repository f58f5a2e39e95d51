"""Which of several trainings of the student serves: each is asked about the validation side, the best one is chosen.

The holdout takes no part in it.
"""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from application.arm_files import known_prompts, training_lines, write_repeat
from application.converse import converse
from application.entry import Invocation
from application.run_files import Student, read_choice, read_prompts
from application.services import Services
from distillation.arms.direct import usable_reference
from distillation.arms.predictions import arm_predictions
from distillation.errors import ThrottledByBedrock
from distillation.evaluation.answer_sheet import REFERENCE_SHARE, read_sheet
from distillation.evaluation.trainings import first_metric
from distillation.inference.replies import ShardAnswers, read_replies
from distillation.inference.requests import greedy_request
from distillation.layout import RunLayout
from distillation.records import Arm, HoldoutItem, Prediction, Request
from distillation.run.record import RunRecord
from distillation.training.choice import StudentChoice, Tried, arms_of, best_of, later_trainings, setting_of
from gateways.store import Store


def choose_student(
    services: Services, invocation: Invocation, record: RunRecord, trained: Sequence[Student]
) -> tuple[bool, list[str], list[Student]]:
    """Whether all were asked, what is to be trained next (repeats of the best candidate), and the arms that meet the
    holdout. What an earlier execution found of the same models is taken over.
    """
    store, layout, training = services.store, RunLayout(record.run_id), record.config.training
    mine = [one for one in trained if one.arm != Arm.DIRECT]
    known = read_choice(store, record.run_id)
    seen = {(one.name, one.model_arn): one for one in known.tried} if known else {}
    if any((one.arm, one.model_arn) not in seen for one in mine):
        items = list(validation_items(store, record))
        if not all(_asked(services, invocation, record, one, items) for one in mine):
            return False, [], list(trained)
        known = _scored(store, record, mine, items)
        seen = {(one.name, one.model_arn): one for one in known.tried}
    metric, tried = known.metric if known else "", [seen[one.arm, one.model_arn] for one in mine]
    first = [one for one in tried if one.name.startswith("candidate")]
    best, later = best_of(first) if first else "", later_trainings(training)
    waiting = [name for name in later if name not in {one.name for one in tried}]
    if waiting:
        # An earlier execution's scores of the repeats stay: they are asked for again with the same models.
        rest = [one for one in known.tried if one not in tried] if known else []
        choice = StudentChoice(metric=metric, tried=(*tried, *rest), best=best)
        store.put_json(layout.student_choice, choice)
        for name in waiting:
            write_repeat(store, record.run_id, best, name)
        return True, waiting, list(trained)
    serving = [one for one in tried if not best or one.name == best or one.name in later]
    chosen = best_of(serving)
    store.put_json(layout.student_choice, StudentChoice(metric=metric, tried=tuple(tried), best=best, chosen=chosen))
    arms = arms_of(chosen, (one.name for one in serving)) | {str(Arm.DIRECT): str(Arm.DIRECT)}
    students = [Student(arms[one.arm], one.model_arn, one.deployment_arn) for one in trained if one.arm in arms]
    return True, [], sorted(students, key=lambda one: one.arm != Arm.STUDENT)


def validation_items(store: Store, record: RunRecord) -> Iterator[HoldoutItem]:
    """The validation prompts, once each. What is right is the seed's reference where half of them have a usable one,
    else what the line teaches.
    """
    known = {one.question: one for one in known_prompts(store, record.run_id)}
    lines = training_lines(store, RunLayout(record.run_id).dataset("validation.jsonl"))
    taught = {known[question].prompt_id: (known[question], answer) for question, answer in lines}
    references = {
        prompt.prompt_id: prompt.reference
        for prompt in read_prompts(store, record.run_id)
        if prompt.prompt_id in taught and usable_reference(prompt.reference, record.task) is not None
    }
    referenced = len(references) >= REFERENCE_SHARE * len(taught)
    for prompt_id, (one, answer) in taught.items():
        yield HoldoutItem(
            prompt_id=prompt_id,
            prompt=one.prompt,
            system=one.system,
            reference=references.get(prompt_id) if referenced else answer,
            category=one.category,
            earlier=one.earlier,
        )


def _requests(record: RunRecord, student: Student, items: Sequence[HoldoutItem]) -> list[Request]:
    return [greedy_request(item, record.config.sampling.max_tokens, student.deployment_arn) for item in items]


def _found(store: Store, record: RunRecord, student: Student, requests: Sequence[Request]) -> ShardAnswers:
    replies = RunLayout(record.run_id).validation_replies_prefix(student.arm, student.deployment_arn)
    return read_replies(map(attrgetter("record_id"), requests), store.lines_below(replies, suffix=".jsonl.out"))


def _asked(
    services: Services, invocation: Invocation, record: RunRecord, student: Student, items: Sequence[HoldoutItem]
) -> bool:
    """Whether one training has answered all validation prompts; asks what is open as far as the time goes."""
    requests, layout = _requests(record, student, items), RunLayout(record.run_id)
    again = set(_found(services.store, record, student, requests).to_ask_again)
    todo = [request for request in requests if request.record_id in again]
    if todo and not converse(
        services,
        invocation,
        todo,
        model_id=student.deployment_arn,
        replies=layout.validation_replies_prefix(student.arm, student.deployment_arn),
        flex=False,
    ):
        return False
    found = _found(services.store, record, student, requests)
    if found.to_ask_again:
        raise ThrottledByBedrock(
            f"{len(found.to_ask_again)} of {len(requests)} validation prompts of {student.arm} were throttled; what "
            "was answered is kept"
        )
    services.store.put_records(layout.validation_predictions(student.arm), arm_predictions(student.arm, found))
    return True


def _scored(store: Store, record: RunRecord, trained: Sequence[Student], items: Sequence[HoldoutItem]) -> StudentChoice:
    layout, training = RunLayout(record.run_id), record.config.training
    said = {one.arm: list(store.records(layout.validation_predictions(one.arm), Prediction)) for one in trained}
    sheet = read_sheet(items, said, record.task, tolerance=record.config.evaluation.numeric_tolerance)
    metric, means = first_metric(sheet)
    tried = list[Tried]()
    for one in trained:
        score, n = means.get(one.arm, (None, 0))
        setting = setting_of(training, one.arm)
        differs = setting.model_dump(mode="json", by_alias=True, exclude_none=True) if setting else {}
        tried.append(Tried(name=one.arm, model_arn=one.model_arn, setting=differs, score=score, n=n))
    return StudentChoice(metric=metric, tried=tuple(tried))
