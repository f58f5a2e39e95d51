"""What the command line reads of `8-report/report.json`. A newer report may say more: unknown keys are passed over."""

import msgspec

from cli.errors import CommandError
from distillation.run_layout import RunLayout


class _Part(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    pass


class Interval(_Part, frozen=True):
    """A metric with its 95 % interval; a bound is None where the items cannot give one."""

    value: float | None = None
    low: float | None = None
    high: float | None = None


class ArmResult(_Part, frozen=True):
    """One arm on `n` holdout items."""

    n: int
    metrics: dict[str, Interval] = {}


class DifferenceResult(_Part, frozen=True):
    """Arm `arm` minus arm `minus`."""

    metric: str
    arm: str
    minus: str
    value: float
    low: float | None = None
    high: float | None = None
    p_holm: float | None = None


class VerdictResult(_Part, frozen=True):
    """`decision` is promote, hold or reject, and failed in the report of a failed run."""

    decision: str
    reasons: tuple[str, ...] = ()
    headline: str = ""


class CostLine(_Part, frozen=True):
    """What a stage used and what it cost."""

    stage: str
    model: str = ""
    route: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None


class CostResult(_Part, frozen=True):
    """Prices are those of the release, applied to the tokens that Bedrock counted."""

    lines: tuple[CostLine, ...] = ()
    total_usd: float | None = None


class ReportFile(_Part, frozen=True):
    """The report as far as it is shown."""

    run_id: str
    dataset: str
    verdict: VerdictResult
    arms: dict[str, ArmResult] = {}
    counts: dict[str, int] = {}
    differences: tuple[DifferenceResult, ...] = ()
    costs: CostResult | None = None


def parse_report(data: bytes | None, run_id: str) -> ReportFile:
    """Raises CommandError when there is no report or it cannot be read."""
    if data is None:
        raise CommandError(f"The run {run_id} has no report.", f"`python -m cli watch {run_id}` shows how far it is; a run writes its report near the end.")
    try:
        return msgspec.json.decode(data, type=ReportFile)
    except msgspec.DecodeError as error:
        raise CommandError(
            f"{RunLayout(run_id).report('report.json')} cannot be read: {error}.", "Another release wrote it: use that release's command line."
        ) from None
