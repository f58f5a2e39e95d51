"""What `doctor` says of an account: one line each, from facts that others looked up."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from gateways.bedrock.model_catalogue import Access
from gateways.clients import HOME


class Level(StrEnum):
    """FAILURE: no run can succeed. WARNING: some cannot, or it could not be looked up."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Check(NamedTuple):
    """A line: what was looked at, what was found, and what to do where it is not ok."""

    about: str
    level: Level
    found: str
    advice: str = ""


class Wanted(NamedTuple):
    """A quota that runs need: its codes in Service Quotas, none where no source names them, and the value below which
    a run may wait or fail.
    """

    about: str
    codes: tuple[str, ...]
    least: int
    advice: str


_BATCHES_OF = {"amazon.nova-pro-v1:0": "L-FE130012", "amazon.nova-micro-v1:0": "L-564C017C"}
_RECORDS_OF = {
    "amazon.nova-pro-v1:0": ("L-89197AE6", "L-9B651738"),
    "amazon.nova-micro-v1:0": ("L-57DC56A1", "L-D56DF585"),
    "amazon.nova-lite-v1:0": ("L-916C9264", "L-B8626674"),
}
"""Records of a job, and of a file of it: "Records per (input file per) batch inference job for Nova Pro V1"."""


def quotas_of(teacher: str) -> tuple[Wanted, ...]:
    """What runs need with this teacher. Codes by copies of the Service Quotas catalogue, late 2025 and 2026."""
    jobs = (_BATCHES_OF[teacher],) if teacher in _BATCHES_OF else ()
    records = _RECORDS_OF.get(teacher, ())
    more, alone = "or ask for more in Service Quotas", "without a second arms.direct waits for the student"
    return (
        Wanted("quota: batch jobs of the teacher", jobs, 10, f"set batches.maxConcurrent to this number, {more}"),
        Wanted("quota: records of a batch job", records, 10_000, "set batches.maxShardRecords to this number"),
        Wanted("quota: scheduled customization jobs", ("L-0406044C",), 2, alone),
        Wanted("quota: custom models", ("L-CB5B847D",), 2, "delete models that serve nothing"),
        Wanted("quota: custom models being created", ("L-C02E1E99",), 2, "a second run waits for the first"),
        Wanted("quota: training records of Nova Micro", (), 20_000, "set selection.maxExamples to this number"),
        Wanted("quota: deployments of custom models", (), 2, "ask for more before a run"),
    )


ENOUGH_FUNCTIONS = 100


def _check(about: str, good: bool, found: str, advice: str, otherwise: Level = Level.WARNING) -> Check:
    return Check(about, Level.OK, found) if good else Check(about, otherwise, found, advice)


def check_region(region: str) -> Check:
    """Nova Micro is fine-tuned in one Region."""
    advice = f"Nova Micro can be fine-tuned in {HOME} only: --region {HOME}"
    return _check("Region", region == HOME, region, advice, Level.FAILURE)


def check_bootstrap(outputs: Mapping[str, str] | None) -> Check:
    """The stack that `cdk bootstrap` makes."""
    found = "not there" if outputs is None else f"version {outputs.get('BootstrapVersion', 'unknown')}"
    return _check("CDK bootstrap", outputs is not None, found, "npx cdk bootstrap", Level.FAILURE)


def check_release(stack: str, deployed: str, here: str) -> Check:
    """The stack and this command line are of one release."""
    advice = f"this command line is of release {here}: npx cdk deploy, or check out the stack's release"
    return _check(f"stack {stack}", deployed == here, f"release {deployed or 'unknown'}", advice)


def check_access(role: str, model: str, access: Access) -> Check:
    """Whether the account may call a model."""
    lacking = access.lacking
    if not lacking:
        return Check(f"{role} {model}", Level.OK, "may be called")
    advice = "open Model access in the Bedrock console"
    if model.startswith("anthropic.") or ".anthropic." in model:
        advice += " and send the use-case form of Anthropic, once in an account"
    return Check(f"{role} {model}", Level.FAILURE, ", ".join(lacking), advice)


def check_profile(profile: str, problem: str | None) -> Check:
    """Whether an inference profile can be used."""
    return Check(f"inference profile {profile}", Level.FAILURE if problem else Level.OK, problem or "can be used")


def check_quotas(quotas: Mapping[str, float], teacher: str) -> Iterator[Check]:
    """The account's quotas, by their codes, against what a run at the defaults needs. The smallest of several binds."""
    for wanted in quotas_of(teacher):
        found = [quotas[code] for code in wanted.codes if code in quotas]
        if not found:
            said = f"{' and '.join(wanted.codes)} not listed" if wanted.codes else "not looked up: name unknown"
            yield Check(wanted.about, Level.WARNING, said, f"a run needs {wanted.least:,}: see Service Quotas, Bedrock")
        elif min(found) < wanted.least:
            yield Check(wanted.about, Level.WARNING, f"{min(found):,.0f}", wanted.advice)
        else:
            yield Check(wanted.about, Level.OK, f"{min(found):,.0f}")


def check_concurrency(functions: int) -> Check:
    """A new account has 10; a run waits longer then."""
    advice = "large runs are slower; ask for 1,000 in Service Quotas"
    return _check("Lambda: functions at once", functions >= ENOUGH_FUNCTIONS, f"{functions:,}", advice)


def check_role(about: str, denied: Sequence[str]) -> Check:
    """A role that Bedrock takes, or those of the functions."""
    found = f"may not {', '.join(denied)}" if denied else "may do what it must"
    advice = "npx cdk deploy, and look for a boundary or a service control policy"
    return _check(about, not denied, found, advice, Level.FAILURE)


def check_logging(on: bool) -> Check:
    """Invocation logs hold prompts and answers of the whole account."""
    advice = "prompts and answers of every run are logged too: check who reads that log"
    return _check("invocation logging", not on, "on" if on else "off", advice)


def unread(about: str, why: str) -> Check:
    """What could not be looked up."""
    advice = "ask somebody who may read it, or look in the console"
    return Check(about, Level.WARNING, f"could not be read: {why}", advice)
