"""Every error of the domain. The class names serve in the state machine's Retry and Catch, so they are a contract."""


class DistillationError(Exception):
    """Base class: a message that says what happened and what to do next."""


class InvalidInput(DistillationError):
    """The execution input, the dataset's input.json or the seeds cannot be used. `problems` holds one line each."""

    def __init__(self, headline: str, problems: list[str], shown: int = 20) -> None:
        self.problems = problems
        more = [f"... and {len(problems) - shown} more"] if len(problems) > shown else []
        super().__init__("\n".join([headline, *problems[:shown], *more]))


class BudgetExceeded(DistillationError):
    """The run costs, or would cost with its next step, more than the input or the deployment allows."""


class PilotFailed(DistillationError):
    """The first few answers show clearly that the run cannot go well. The message names the setting to mend."""


class RecordsLost(DistillationError):
    """A hop's ids do not add up: `missing` did not come out, `unexpected` were not expected."""

    def __init__(self, hop: str, missing: set[str], unexpected: set[str]) -> None:
        self.missing, self.unexpected = missing, unexpected
        super().__init__(
            f"{hop}: {len(missing)} ids went in and did not come out: {sorted(missing)[:50]}; "
            f"{len(unexpected)} came out that never went in: {sorted(unexpected)[:50]}"
        )


class NotEnoughAnswers(DistillationError):
    """A wave brought no usable answer at all, or too few to go on."""


class NotEnoughExamples(DistillationError):
    """Fewer training examples than a customization job accepts (8, Amazon Nova user guide)."""


class TuningFailed(DistillationError):
    """The customization job ended without a model."""


class DeploymentFailed(DistillationError):
    """The custom model could not be deployed."""


class DeploymentNotReady(DistillationError):
    """Bedrock calls the deployment active, and its runtime does not know it yet; tried for a quarter hour."""


class PromotionFailed(DistillationError):
    """The stable deployment did not take over the model; the one before goes on serving."""


class WaitedTooLong(DistillationError):
    """A job was stopped at its deadline and still runs an hour later."""


class DiskFull(DistillationError):
    """A file under construction is larger than the function's disk."""


class QuotaFull(DistillationError):
    """The account has as many jobs, models or deployments as its quota allows; tried again for three days."""


class OtherRunAsks(DistillationError):
    """Another run of the dataset is asking the same; its answers will be in the cache. Tried again for three days."""


class RunIsRetiring(DistillationError):
    """The failure rail is taking the run back, so a function that was still under way submits nothing more."""


class StillCosts(DistillationError):
    """Resources of the run could not be stopped or deleted. The message names each, why, and the command."""


class Transient(DistillationError):
    """A connection broke, or S3, DynamoDB or Step Functions was busy. The same call works a little later."""


class ThrottledByBedrock(DistillationError):
    """Bedrock took this call for one too many, or was busy. The caller retries later."""
