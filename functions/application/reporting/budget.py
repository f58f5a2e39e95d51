"""What a run has spent and may spend: kept in the ledger, checked before every step that costs money.

Spent is what Bedrock counted, at the prices of prices.json; evaluation jobs and trainings are estimated from their
files. `month:2026-11` in the ledger holds one row a run: what it spent in that month, and
while it is under way what it is expected to.
"""

from collections.abc import Iterable

from aws_lambda_powertools.metrics import MetricUnit
from msgspec import structs

from application.entry import metrics
from application.reporting.usage import trainings, usages
from application.rounds import answers_of, wave_output
from application.run_files import Wave, read_pilot_rejections, read_wave
from application.services import Services
from distillation.bedrock.families import takes_flex
from distillation.bedrock.job_names import parsed
from distillation.bedrock.job_status import JobKind, JobOutcome
from distillation.bedrock.prices import load_prices
from distillation.bedrock.submission import KEEP_LEDGER, OPEN, RETIRED, RUN
from distillation.costs.estimate import Estimate
from distillation.costs.spent import CostLine, Costs, actual_cost
from distillation.errors import BudgetExceeded
from distillation.layout import RunLayout
from distillation.records import Answer, Asking, LedgerRow, RejectedAnswer, Route
from distillation.run.config import RunConfig
from distillation.run.record import RunRecord
from gateways.store import Store

MONTH = "month"
_STAGES = {
    Asking.PILOT: ("the pilot", "teacher_usd"),
    Asking.EXPANSION: ("new prompts", "expansion_usd"),
    Asking.ANSWERS: ("the teacher's answers", "teacher_usd"),
    Asking.RATINGS: ("ratings", "ratings_usd"),
    Asking.COMPARISONS: ("comparisons", "comparisons_usd"),
}
"""What a stage asks for, and what the estimate calls its cost."""


def check_estimate(services: Services, config: RunConfig, expected: Estimate) -> None:
    """Raises BudgetExceeded where the estimate is above the input's `maxUsd` or a bound of the deployment."""
    spent = _run_spent(services, config.run_id)
    rest = max(0.0, expected.total_usd - spent)
    _refuse_beyond(services, config, spent, rest, f"the run is estimated at {expected.total_usd:.2f} USD")


def set_aside(services: Services, config: RunConfig, expected: Estimate) -> None:
    """Notes what the run is expected to spend from now on; other runs' checks of the month count it."""
    rest = max(0.0, expected.total_usd - _run_spent(services, config.run_id))
    before = _month_row(services, config.run_id)
    services.ledger.note(structs.replace(before, state=OPEN, reserved_usd=before.spent_usd + rest))


def settle(services: Services, record: RunRecord) -> float:
    """Notes what an ended run has spent, all in all, and sets nothing aside for it any more. Gives USD."""
    spent = _note_spent(services, record)
    row = _month_row(services, record.run_id)
    services.ledger.note(structs.replace(row, state=RETIRED, reserved_usd=0.0))
    return spent


def paid_wave(services: Services, record: RunRecord, wave: Wave) -> dict[str, object]:
    """A wave as the machine carries it. Raises BudgetExceeded as `keep_within`; the plan stands for a rerun."""
    layout, store = RunLayout(record.run_id), services.store
    first = read_wave(store, record.run_id, 0, wave.stage) or wave
    unread = [s.records for s in wave.shards if not store.list(layout.answers(s.shard, wave.stage, wave.wave))]
    whole = first.requests + first.cached
    if wave.stage is Asking.PILOT:  # a few of the teacher's requests, which the estimate counts together
        whole = record.counts["prompts"] * record.config.sampling.answers
    share = sum(unread) / max(1, whole)
    words, field = _STAGES[wave.stage]
    usd = share * _expected(services, record.run_id, field)
    if wave.stage is Asking.ANSWERS:
        usd = max(usd, _by_the_pilot(store, record, wave, sum(unread)))
    keep_within(services, record, f"{words}, {sum(unread):,} requests", usd)
    return wave_output(wave)


def _by_the_pilot(store: Store, record: RunRecord, wave: Wave, requests: int) -> float:
    """USD of `requests` that take what the pilot's took on average; 0 without a pilot. An estimate may take answers for
    far shorter than they are, and a wave is paid as a whole.
    """
    counted: list[Answer | RejectedAnswer] = [*answers_of(store, record.run_id, Asking.PILOT)]
    counted += (reply for reply in read_pilot_rejections(store, record.run_id) if reply.input_tokens)
    if not counted:
        return 0.0
    model, each = record.models.teacher, requests / len(counted)
    in_batch = any(shard.route is Route.BATCH for shard in wave.shards)
    line = CostLine(
        stage="teacher",
        model=model,
        route="batch" if in_batch else "flex" if takes_flex(model) else "onDemand",
        input_tokens=round(each * sum(reply.input_tokens for reply in counted)),
        output_tokens=round(each * sum(reply.output_tokens for reply in counted)),
    )
    return actual_cost([line], load_prices()).total_usd


def check_training(services: Services, record: RunRecord, arms: Iterable[str]) -> None:
    """Raises BudgetExceeded where the training of `arms` on the files as they are now is one step too far. One whose
    model the clean-up of an earlier execution kept is spent already, and taken over.
    """
    if services.store.get_or_none(RunLayout(record.run_id).students) is None:
        kept = _trained(services, record) if record.config.keep_model_on_failure else set[str]()
        ahead = trainings(services.store, record, (arm for arm in arms if arm not in kept))
        keep_within(services, record, "the training", actual_cost(ahead, load_prices()).total_usd)


def _trained(services: Services, record: RunRecord) -> set[str]:
    rows = services.ledger.rows(record.run_id)
    named = [parsed(row.job_name) for row in rows if row.outcome == JobOutcome.SUCCEEDED]
    return {job.arm for job in named if job and job.kind is JobKind.TUNING}


def check_predictions(services: Services, record: RunRecord) -> None:
    """Raises BudgetExceeded where asking all arms about the holdout is one step too far."""
    usd = sum(_expected(services, record.run_id, field) for field in ("base_usd", "evaluation_usd"))
    keep_within(services, record, "predictions", usd, paid="predictions")


def check_judging(services: Services, record: RunRecord) -> None:
    """Raises BudgetExceeded where the evaluation jobs are one step too far."""
    whole, compared = (_expected(services, record.run_id, field) for field in ("judging_usd", "comparisons_usd"))
    keep_within(services, record, "judging", whole - compared, paid="evaluation jobs")


def keep_within(services: Services, record: RunRecord, step: str, usd: float, *, paid: str = "") -> None:
    """Notes what the run has spent. Raises BudgetExceeded where `usd` more, for `step`, is beyond `maxUsd` or what the
    deployment allows. What an earlier execution paid for the step (stages that begin with `paid`) counts once.
    """
    costs = spent_by(services, record)
    spent = _note_spent(services, record, costs.total_usd)
    already = sum(line.usd or 0.0 for line in costs.lines if paid and line.stage.startswith(paid))
    said = f"the run has spent {spent:.4f} USD, and the next step ({step}) would cost about {usd:.4f} USD"
    if usd > already:
        _refuse_beyond(services, record.config, spent, usd - already, said)


def _refuse_beyond(services: Services, config: RunConfig, spent: float, rest: float, said: str) -> None:
    bounds, whole = services.settings.bounds, spent + rest
    if config.max_usd is not None and whole > config.max_usd:
        raise BudgetExceeded(
            f"{said}; maxUsd is {config.max_usd:g}. Start again with the same runId and a higher maxUsd (what was paid "
            "for is taken over), or with fewer seeds or a lower sampling.sampled; 0-run/estimate.json says what costs "
            "what"
        )
    if bounds.max_usd_per_run and whole > bounds.max_usd_per_run:
        raise BudgetExceeded(
            f"{said}; this deployment's maxUsdPerRun is {bounds.max_usd_per_run:g}, and no input can raise it. Give "
            "fewer seeds or a lower sampling.sampled, or have the deployment's setting raised (cdk.json), and start "
            "again with the same runId: what was paid for is taken over"
        )
    others = _others_this_month(services, config.run_id)
    own = _month_row(services, config.run_id).spent_usd
    if bounds.max_usd_per_month and others + own + rest > bounds.max_usd_per_month:
        raise BudgetExceeded(
            f"{said}; all other runs of {_month(services)} have spent or set aside {others:.2f} USD, this one "
            f"{own:.2f} USD, and this deployment's maxUsdPerMonth is {bounds.max_usd_per_month:g}. Wait for the next "
            "month or have the setting raised (cdk.json), and start again with the same runId: what was paid for is "
            "taken over"
        )


def _note_spent(services: Services, record: RunRecord, spent: float | None = None) -> float:
    """Brings month and run up to what the run has spent; the month first: a retry may count twice, but never forget."""
    if spent is None:
        spent = spent_by(services, record).total_usd
    run_id, ledger = record.run_id, services.ledger
    row = ledger.row(run_id, RUN)
    added = spent - (row.spent_usd if row else 0.0)
    if added > 0 and row:
        month = _month_row(services, run_id)
        ledger.note(structs.replace(month, spent_usd=round(month.spent_usd + added, 6)))
        ledger.spent(run_id, RUN, spent)
        metrics.add_metric(name="SpentUsd", unit=MetricUnit.Count, value=added)
    return spent


def spent_by(services: Services, record: RunRecord) -> Costs:
    """What the run has spent so far, line by line."""
    return actual_cost(usages(services.store, record, services.ledger.rows(record.run_id)), load_prices())


def _run_spent(services: Services, run_id: str) -> float:
    row = services.ledger.row(run_id, RUN)
    return row.spent_usd if row else 0.0


def _month(services: Services) -> str:
    return f"{services.now():%Y-%m}"


def _month_row(services: Services, run_id: str) -> LedgerRow:
    month = f"{MONTH}:{_month(services)}"  # a run id holds no colon
    expires = int((services.now() + KEEP_LEDGER).timestamp())
    new = LedgerRow(run_id=month, job_name=run_id, kind=MONTH, state=OPEN, expires_at=expires)
    return services.ledger.row(month, run_id) or new


def _others_this_month(services: Services, run_id: str) -> float:
    rows = services.ledger.rows(f"{MONTH}:{_month(services)}")
    return sum(max(row.spent_usd, row.reserved_usd) for row in rows if row.job_name != run_id)


def _expected(services: Services, run_id: str, field: str) -> float:
    """A field of the run's estimate, in USD; 0 where an earlier release wrote none."""
    return float(getattr(services.store.read_or_none(RunLayout(run_id).estimate, Estimate), field, 0.0))
