"""Job status: the table knows every status of the service model, so that none can loop for ever."""

import botocore.session
import pytest

from distillation.job_status import JobKind, Outcome, known_statuses, outcome_of

MODEL = botocore.session.get_session().get_service_model("bedrock")
SHAPES = {JobKind.BATCH: "GetModelInvocationJob", JobKind.TUNING: "GetModelCustomizationJob", JobKind.DEPLOYMENT: "GetCustomModelDeployment"}


@pytest.mark.parametrize("kind", list(JobKind))
def test_the_table_is_the_service_models_enum(kind: JobKind) -> None:
    assert known_statuses(kind) == set(MODEL.operation_model(SHAPES[kind]).output_shape.members["status"].enum)


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        (JobKind.BATCH, "Submitted", Outcome.RUNNING),
        (JobKind.BATCH, "Validating", Outcome.RUNNING),
        (JobKind.BATCH, "Scheduled", Outcome.RUNNING),
        (JobKind.BATCH, "InProgress", Outcome.RUNNING),
        (JobKind.BATCH, "Stopping", Outcome.RUNNING),
        (JobKind.BATCH, "Completed", Outcome.SUCCEEDED),
        (JobKind.BATCH, "PartiallyCompleted", Outcome.PARTIAL),
        (JobKind.BATCH, "Stopped", Outcome.PARTIAL),
        (JobKind.BATCH, "Expired", Outcome.PARTIAL),
        (JobKind.BATCH, "Failed", Outcome.FAILED),
        (JobKind.TUNING, "InProgress", Outcome.RUNNING),
        (JobKind.TUNING, "Stopping", Outcome.RUNNING),
        (JobKind.TUNING, "Completed", Outcome.SUCCEEDED),
        (JobKind.TUNING, "Stopped", Outcome.FAILED),
        (JobKind.TUNING, "Failed", Outcome.FAILED),
        (JobKind.DEPLOYMENT, "Creating", Outcome.RUNNING),
        (JobKind.DEPLOYMENT, "Active", Outcome.SUCCEEDED),
        (JobKind.DEPLOYMENT, "Failed", Outcome.FAILED),
        (JobKind.BATCH, "SomethingNew", Outcome.RUNNING),
    ],
)
def test_each_status_has_its_outcome(kind: JobKind, status: str, outcome: Outcome) -> None:
    assert outcome_of(kind, status) is outcome
