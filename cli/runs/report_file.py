"""What the command line reads of `8-report/report.json`. A newer report may say more: unknown keys are passed over."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from cli.errors import CommandError
from distillation.costs.spent import Costs
from distillation.layout import RunLayout
from distillation.records import FunnelStep


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


class CheckResult(_Part, frozen=True):
    """One comparison of the student against its margin; `slice` is null for the whole holdout."""

    metric: str
    n: int
    difference: float
    margin: float
    outcome: str
    low: float | None = None
    high: float | None = None
    slice: str | None = None
    gated: bool = True
    minus: str = "teacher"


class VerdictResult(_Part, frozen=True):
    """`decision` is promote, hold or reject, and failed in the report of a failed run."""

    decision: str
    reasons: tuple[str, ...] = ()
    headline: str = ""
    checks: tuple[CheckResult, ...] = ()
    rivals: tuple[CheckResult, ...] = ()
    serve: str | None = None
    warnings: tuple[str, ...] = ()
    what_now: tuple[str, ...] = ()


class GateResult(_Part, frozen=True):
    """What the verdict looks at first."""

    metric: str


class SliceResult(_Part, frozen=True):
    """One category: arm -> metric -> figure."""

    name: str
    n: int
    arms: dict[str, dict[str, Interval]] = {}


class DataResult(_Part, frozen=True):
    """What became of the data."""

    funnel: tuple[FunnelStep, ...] = ()


class ReportFile(_Part, frozen=True):
    """The report as far as it is shown."""

    run_id: str
    dataset: str
    verdict: VerdictResult
    created_at: str = ""
    arms: dict[str, ArmResult] = {}
    counts: dict[str, int] = {}
    differences: tuple[DifferenceResult, ...] = ()
    costs: Costs | None = None
    gate: GateResult | None = None
    slices: tuple[SliceResult, ...] = ()
    data: DataResult | None = None


def parse_report(data: bytes | None, run_id: str) -> ReportFile:
    """Raises CommandError when there is no report or it cannot be read."""
    if data is None:
        raise CommandError(
            f"The run {run_id} has no report.",
            f"`python -m cli watch {run_id}` shows how far it is; a run writes its report near the end.",
        )
    with readable(RunLayout(run_id).report("report.json")):
        return msgspec.json.decode(data, type=ReportFile)


@contextmanager
def readable(key: str) -> Iterator[None]:
    """Raises CommandError where a file of a run is not there, or not of this release."""
    try:
        yield
    except FileNotFoundError:
        raise CommandError(
            f"{key} is not in the bucket.", "The run has not been measured yet, or its files were deleted."
        ) from None
    except msgspec.DecodeError as error:
        raise CommandError(
            f"{key} cannot be read: {error}.", "Another release wrote it: use that release's command line."
        ) from None
