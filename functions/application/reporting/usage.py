"""What a run used of every model, in Bedrock's own token counts."""

from collections.abc import Iterable, Iterator

import msgspec

from application.run_files import read_answers, read_choice, read_students, waves_of
from distillation.bedrock.families import takes_flex
from distillation.bedrock.job_names import parsed
from distillation.bedrock.job_status import JobKind, JobOutcome
from distillation.bedrock.limits import estimate_tokens
from distillation.bedrock.training_lines import conversation_parts
from distillation.costs.loads import scores_load
from distillation.costs.spent import CostLine
from distillation.judging.answers import JudgingLine
from distillation.layout import RunLayout
from distillation.records import FEW_SHOT_DRAWS, Arm, Asking, LedgerRow, Route, Tokens
from distillation.run.record import RunRecord
from distillation.training.choice import hyperparameters
from gateways.store import Store

STAGES = {
    Asking.PILOT: "pilot",
    Asking.EXPANSION: "expansion",
    Asking.ANSWERS: "teacher",
    Asking.RATINGS: "ratings",
    Asking.COMPARISONS: "comparisons",
}


def usages(store: Store, record: RunRecord, rows: Iterable[LedgerRow]) -> list[CostLine]:
    """One entry a stage and route, of what was asked and of the jobs that the ledger's `rows` name.

    Bedrock counts no tokens of evaluation jobs, trainings and what a managed distillation asks: they are estimated from
    their files.
    """
    jobs = [(row, job) for row in rows if row.job_arn and (job := parsed(row.job_name))]
    scored = [(job.arm, job.shard) for _, job in jobs if job.kind is JobKind.EVALUATION]
    tried = [(row, job.arm) for row, job in jobs if job.kind is JobKind.TUNING]
    found = [*_stages(store, record), *_predictions(store, record), *_trainings(store, record, tried)]
    found += _evaluation_jobs(store, record, scored)
    return [usage for usage in found if usage.input_tokens or usage.output_tokens]


def _stages(store: Store, record: RunRecord) -> Iterator[CostLine]:
    layout = RunLayout(record.run_id)
    for stage, name in STAGES.items():
        judges = stage in (Asking.RATINGS, Asking.COMPARISONS) and record.models.judge
        model = record.models.judge if judges else record.models.teacher
        shards = [(wave.wave, shard) for wave in waves_of(store, record.run_id, stage) for shard in wave.shards]
        for route in Route:
            mine = [(shard.shard, stage, wave) for wave, shard in shards if shard.route is route]
            paid_as = "batch" if route is Route.BATCH else "flex" if takes_flex(model) else "onDemand"
            replies = [tokens for one in mine for tokens in _replies(store, layout, one)]
            yield _usage(name, model, paid_as, (one for one in replies if not one.standard_tier))
            yield _usage(name, model, "onDemand", (one for one in replies if one.standard_tier))


def _replies(store: Store, layout: RunLayout, shard: tuple[int, Asking, int]) -> list[Tokens]:
    """A shard's sums; its replies, one by one, where an earlier release wrote no sums."""
    sums = list(store.records_below(layout.tokens(*shard), Tokens))
    keys = [] if sums else [layout.answers(*shard), layout.rejected_answers(*shard)]
    return sums + [tokens for key in keys for tokens in store.records_below(key, Tokens)]


def _predictions(store: Store, record: RunRecord) -> Iterator[CostLine]:
    """What the student's models answered; the teacher's answers to the holdout are among its others."""
    layout, student = RunLayout(record.run_id), record.models.student
    yield _usage("pilot base", student, "onDemand", store.records_below(layout.pilot_base, Tokens))
    students = [one.arm for one in read_students(store, record.run_id)] if store.get_or_none(layout.students) else []
    for arm in dict.fromkeys((*(str(arm) for arm in Arm if arm is not Arm.TEACHER), *FEW_SHOT_DRAWS, *students)):
        in_batch = any("/now/" not in reply.key for reply in store.list(layout.arm_replies_prefix(arm)))
        answers = store.records_below(layout.prediction_shards_prefix(arm), Tokens)
        yield _usage(f"predictions {arm}", student, "batch" if in_batch else "onDemand", answers)
    choice = read_choice(store, record.run_id)
    for one in choice.tried if choice else ():
        answers = store.records(layout.validation_predictions(one.name), Tokens)
        yield _usage(f"validation {one.name}", student, "onDemand", answers)


def _trainings(store: Store, record: RunRecord, tried: Iterable[tuple[LedgerRow, str]]) -> Iterator[CostLine]:
    """Every customization job that was submitted. Of one that was stopped AWS bills what it trained until then
    (user guide, "Stop a model customization job"); of one that failed it says nothing. Both count whole.
    """
    for row, arm in tried:
        lost = row.status if row.outcome not in (None, JobOutcome.SUCCEEDED) else None
        for line in trainings(store, record, [arm]):
            yield msgspec.structs.replace(line, stage=f"{lost}: {line.stage}") if lost else line


def _evaluation_jobs(store: Store, record: RunRecord, scored: Iterable[tuple[str, int]]) -> Iterator[CostLine]:
    judge, layout = record.config.evaluation.judge, RunLayout(record.run_id)
    if judge is None:
        return
    loads = [
        scores_load(
            judge, sum(map(estimate_tokens, (line.prompt, line.reference_response or "", response["response"])))
        )
        for arm, part in scored
        for line in store.records(layout.judge_dataset(arm, part), JudgingLine)
        for response in line.model_responses
    ]
    yield CostLine(
        stage="evaluation jobs, estimated",
        model=record.models.judge or record.models.teacher,
        route="onDemand",
        input_tokens=round(sum(load.input_tokens for load in loads)),
        output_tokens=sum(load.output_tokens for load in loads),
    )


def trainings(store: Store, record: RunRecord, arms: Iterable[str]) -> Iterator[CostLine]:
    """What the training of `arms` takes, by their files."""
    layout, models = RunLayout(record.run_id), record.models
    choice, training = read_choice(store, record.run_id), record.config.training
    for arm in arms:
        lines = [conversation_parts(line) for line in store.lines_below(layout.training_file(arm, "train.jsonl"))]
        tokens, answers = sum(estimate_tokens(text) for question, answer in lines for text in (*question, answer)), 0
        if arm == Arm.STUDENT and training.managed:
            answers = round(len(lines) * _mean_answer(store, record.run_id))
            distilled = {"input_tokens": tokens, "output_tokens": answers}
            yield CostLine(stage="distillation", model=models.teacher, route="onDemand", **distilled)
        name = "training" if arm == Arm.STUDENT else f"training {arm}"
        epochs = hyperparameters(training, arm, choice.best if choice else "").epoch_count
        yield CostLine(stage=name, model=models.student, route="training", input_tokens=(tokens + answers) * epochs)


def _mean_answer(store: Store, run_id: str) -> float:
    """Mean tokens of the teacher's answers, which in a run with managed distillation are those to the holdout."""
    lengths = [answer.output_tokens for answer in read_answers(store, run_id)]
    return sum(lengths) / max(len(lengths), 1)


def _usage(stage: str, model: str, route: str, replies: Iterable[Tokens]) -> CostLine:
    came = went = answers = 0
    for reply in replies:
        came, went = came + reply.input_tokens, went + reply.output_tokens
        answers += 0 if reply.reason else reply.answers
    return CostLine(stage=stage, model=model, route=route, input_tokens=came, output_tokens=went, answers=answers)
