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
    """A quota that runs need: words that its name holds, and the value below which a run may wait or fail."""

    about: str
    words: tuple[str, ...]
    least: int
    advice: str


QUOTAS = (
    Wanted(
        "quota: batch jobs of the teacher",
        ("batch inference", "sum of in-progress and submitted", "nova pro"),
        10,
        "set batches.maxConcurrent to it, or ask for more in Service Quotas",
    ),
    Wanted(
        "quota: records of a batch job",
        ("batch inference", "records per batch inference job", "nova pro"),
        10_000,
        "set batches.maxShardRecords to it",
    ),
    Wanted(
        "quota: customization jobs at once",
        ("model customization", "scheduled customization jobs"),
        2,
        "without a second one arms.direct waits for the student",
    ),
    Wanted("quota: custom models", ("custom models per account",), 2, "delete models that serve nothing"),
    Wanted(
        "quota: samples of a customization job",
        ("training and validation records", "nova micro"),
        20_000,
        "set selection.maxExamples to it",
    ),
    Wanted(
        "quota: deployments of custom models", ("on-demand", "custom model deployments"), 2, "ask for more before a run"
    ),
)
ENOUGH_FUNCTIONS = 100


def check_region(region: str) -> Check:
    """Nova Micro is fine-tuned in one Region."""
    good = region == HOME
    return Check(
        "Region",
        Level.OK if good else Level.FAILURE,
        region,
        "" if good else f"Nova Micro can be fine-tuned in {HOME} only: --region {HOME}",
    )


def check_bootstrap(outputs: Mapping[str, str] | None) -> Check:
    """The stack that `cdk bootstrap` makes."""
    if outputs is None:
        return Check("CDK bootstrap", Level.FAILURE, "not there", "npx cdk bootstrap")
    return Check("CDK bootstrap", Level.OK, f"version {outputs.get('BootstrapVersion', 'unknown')}")


def check_release(stack: str, deployed: str, here: str) -> Check:
    """The stack and this command line are of one release."""
    same = deployed == here
    return Check(
        f"stack {stack}",
        Level.OK if same else Level.WARNING,
        f"release {deployed or 'unknown'}",
        "" if same else f"this command line is of release {here}: npx cdk deploy, or check out the other",
    )


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


def check_quotas(quotas: Mapping[str, float]) -> Iterator[Check]:
    """The account's applied quotas against what a run at the defaults needs."""
    for wanted in QUOTAS:
        found = [value for name, value in quotas.items() if all(word in name.lower() for word in wanted.words)]
        if not found:
            yield Check(wanted.about, Level.WARNING, "not listed", "look it up in the console of Service Quotas")
        else:
            enough = min(found) >= wanted.least
            yield Check(
                wanted.about,
                Level.OK if enough else Level.WARNING,
                f"{min(found):,.0f}",
                "" if enough else wanted.advice,
            )


def check_concurrency(functions: int) -> Check:
    """A new account has 10; a run waits longer then."""
    enough = functions >= ENOUGH_FUNCTIONS
    return Check(
        "Lambda: functions at once",
        Level.OK if enough else Level.WARNING,
        f"{functions:,}",
        "" if enough else "large runs are slower; ask for 1,000 in Service Quotas",
    )


def check_role(name: str, denied: Sequence[str]) -> Check:
    """A role that Bedrock takes."""
    return Check(
        f"role of {name}",
        Level.FAILURE if denied else Level.OK,
        f"may not {', '.join(denied)}" if denied else "has the actions that AWS documents",
        "npx cdk deploy, and look for a boundary or a service control policy" if denied else "",
    )


def check_logging(on: bool) -> Check:
    """Invocation logs hold prompts and answers of the whole account."""
    return Check(
        "invocation logging",
        Level.WARNING if on else Level.OK,
        "on" if on else "off",
        "prompts and answers of every run are logged too: check who reads that log" if on else "",
    )


def unread(about: str, why: str) -> Check:
    """What could not be looked up."""
    return Check(
        about, Level.WARNING, f"could not be read: {why}", "ask somebody who may read it, or look in the console"
    )
