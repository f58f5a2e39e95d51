"""Every error of the domain. The class names serve in the state machine's Retry and Catch, so they are part of its
contract.

DistillationError
├── InvalidInput          the execution input, the dataset's input.json or the seeds cannot be used; lists every problem
├── BudgetExceeded        the estimate, or what is spent and comes next, is above what the run may cost
├── PilotFailed           the first few answers show clearly that the run cannot go well
├── RecordsLost           a hop's ids in are not its ids out + rejected; lists the ids
├── NotEnoughAnswers      a wave brought no usable answer at all, or too few to go on
├── NotEnoughExamples     fewer training examples than Bedrock accepts
├── TuningFailed          the customization job ended without a model
├── DeploymentFailed      the custom model could not be deployed
├── DeploymentNotReady    a deployment that is active but unknown to Converse yet; tried for a quarter hour
├── PromotionFailed       the stable deployment did not take over the model
├── WaitedTooLong         a job did not even stop at its deadline
├── DiskFull              a file under construction is larger than the function's disk
├── QuotaFull             as many jobs, models or deployments as the account may have; tried again for three days
├── OtherRunAsks          another run of the dataset is asking the same; the state machine looks again for three days
├── RunIsRetiring         the run has failed: what its clean-up takes back is not made anew
├── StillCosts            something that costs money could not be stopped or deleted; lists it
├── Transient             a connection or another service hiccuped; the state machine tries again
└── ThrottledByBedrock    too many calls a minute; the state machine retries with backoff
"""


class DistillationError(Exception):
    """Base class: a message that says what happened and what to do next."""


class InvalidInput(DistillationError):
    """The input cannot be used. `problems` holds one line each."""

    def __init__(self, headline: str, problems: list[str], shown: int = 20) -> None:
        self.problems = problems
        more = [f"... and {len(problems) - shown} more"] if len(problems) > shown else []
        super().__init__("\n".join([headline, *problems[:shown], *more]))


class BudgetExceeded(DistillationError):
    """The run costs, or would cost with its next step, more than the input or the deployment allows."""


class PilotFailed(DistillationError):
    """The pilot shows clearly that the run cannot go well. The message names the setting that would mend it."""


class RecordsLost(DistillationError):
    """A hop's ids do not add up: `missing` did not come out, `unexpected` were not expected."""

    def __init__(self, hop: str, missing: set[str], unexpected: set[str]) -> None:
        self.missing, self.unexpected = missing, unexpected
        super().__init__(
            f"{hop}: {len(missing)} ids went in and did not come out: {sorted(missing)[:50]}; "
            f"{len(unexpected)} came out that never went in: {sorted(unexpected)[:50]}"
        )


class NotEnoughAnswers(DistillationError):
    """The teacher's answers are too few to go on."""


class NotEnoughExamples(DistillationError):
    """Fewer training examples than a customization job accepts (8, Amazon Nova user guide)."""


class TuningFailed(DistillationError):
    """The customization job ended without a model."""


class DeploymentFailed(DistillationError):
    """The custom model could not be deployed."""


class DeploymentNotReady(DistillationError):
    """Bedrock calls the deployment active, and its runtime does not know it yet: that takes minutes to come round."""


class PromotionFailed(DistillationError):
    """The stable deployment did not take over the model; the one before goes on serving."""


class WaitedTooLong(DistillationError):
    """A job was stopped at its deadline and still runs an hour later."""


class DiskFull(DistillationError):
    """A file under construction is larger than the function's disk."""


class QuotaFull(DistillationError):
    """The account has as many jobs, models or deployments as its quota allows. Room comes when one of them ends."""


class OtherRunAsks(DistillationError):
    """Another run of the dataset is asking the same. What it is answered is in the answer cache afterwards."""


class RunIsRetiring(DistillationError):
    """The failure rail is taking the run back, so a function that was still under way submits nothing more."""


class StillCosts(DistillationError):
    """Resources of the run could not be stopped or deleted. The message names each, why, and the command."""


class Transient(DistillationError):
    """A connection broke, or S3, DynamoDB or Step Functions was busy. The same call works a little later."""


class ThrottledByBedrock(DistillationError):
    """Bedrock took this call for one too many, or was busy. The caller retries later."""
