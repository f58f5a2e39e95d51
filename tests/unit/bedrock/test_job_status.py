"""Job status: the table knows every status of the service model, so that none can loop for ever."""

import botocore.session
import pytest

from distillation.bedrock.job_status import JobKind, JobOutcome, known_statuses, outcome_of

MODEL = botocore.session.get_session().get_service_model("bedrock")
SHAPES = {
    JobKind.BATCH: "GetModelInvocationJob",
    JobKind.TUNING: "GetModelCustomizationJob",
    JobKind.DEPLOYMENT: "GetCustomModelDeployment",
    JobKind.PROMOTION: "GetCustomModelDeployment",
    JobKind.EVALUATION: "GetEvaluationJob",
}


@pytest.mark.parametrize("kind", list(JobKind))
def test_the_table_is_the_service_models_enum(kind: JobKind) -> None:
    members = MODEL.operation_model(SHAPES[kind]).output_shape.members
    updates = set(members["updateDetails"].members["updateStatus"].enum) if kind is JobKind.PROMOTION else set()
    assert known_statuses(kind) == set(members["status"].enum) | updates


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        (JobKind.BATCH, "Submitted", JobOutcome.RUNNING),
        (JobKind.BATCH, "Validating", JobOutcome.RUNNING),
        (JobKind.BATCH, "Scheduled", JobOutcome.RUNNING),
        (JobKind.BATCH, "InProgress", JobOutcome.RUNNING),
        (JobKind.BATCH, "Stopping", JobOutcome.RUNNING),
        (JobKind.BATCH, "Completed", JobOutcome.SUCCEEDED),
        (JobKind.BATCH, "PartiallyCompleted", JobOutcome.PARTIAL),
        (JobKind.BATCH, "Stopped", JobOutcome.PARTIAL),
        (JobKind.BATCH, "Expired", JobOutcome.PARTIAL),
        (JobKind.BATCH, "Failed", JobOutcome.FAILED),
        (JobKind.TUNING, "InProgress", JobOutcome.RUNNING),
        (JobKind.TUNING, "Stopping", JobOutcome.RUNNING),
        (JobKind.TUNING, "Completed", JobOutcome.SUCCEEDED),
        (JobKind.TUNING, "Stopped", JobOutcome.FAILED),
        (JobKind.TUNING, "Failed", JobOutcome.FAILED),
        (JobKind.DEPLOYMENT, "Creating", JobOutcome.RUNNING),
        (JobKind.DEPLOYMENT, "Active", JobOutcome.SUCCEEDED),
        (JobKind.DEPLOYMENT, "Failed", JobOutcome.FAILED),
        (JobKind.PROMOTION, "Creating", JobOutcome.RUNNING),
        (JobKind.PROMOTION, "Updating", JobOutcome.RUNNING),
        (JobKind.PROMOTION, "Active", JobOutcome.SUCCEEDED),
        (JobKind.PROMOTION, "UpdateCompleted", JobOutcome.SUCCEEDED),
        (JobKind.PROMOTION, "Failed", JobOutcome.FAILED),
        (JobKind.PROMOTION, "UpdateFailed", JobOutcome.FAILED),
        (JobKind.EVALUATION, "InProgress", JobOutcome.RUNNING),
        (JobKind.EVALUATION, "Stopping", JobOutcome.RUNNING),
        (JobKind.EVALUATION, "Completed", JobOutcome.SUCCEEDED),
        (JobKind.EVALUATION, "Stopped", JobOutcome.FAILED),
        (JobKind.EVALUATION, "Deleting", JobOutcome.FAILED),
        (JobKind.EVALUATION, "Failed", JobOutcome.FAILED),
        (JobKind.BATCH, "SomethingNew", JobOutcome.RUNNING),
    ],
)
def test_each_status_has_its_outcome(kind: JobKind, status: str, outcome: JobOutcome) -> None:
    assert outcome_of(kind, status) is outcome
