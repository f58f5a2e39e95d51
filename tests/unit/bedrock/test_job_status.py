"""Job status: the table knows every status of the service model, so that none can loop for ever."""

import botocore.session
import pytest

from distillation.bedrock.job_status import JobKind, Outcome, known_statuses, outcome_of

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
        (JobKind.PROMOTION, "Creating", Outcome.RUNNING),
        (JobKind.PROMOTION, "Updating", Outcome.RUNNING),
        (JobKind.PROMOTION, "Active", Outcome.SUCCEEDED),
        (JobKind.PROMOTION, "UpdateCompleted", Outcome.SUCCEEDED),
        (JobKind.PROMOTION, "Failed", Outcome.FAILED),
        (JobKind.PROMOTION, "UpdateFailed", Outcome.FAILED),
        (JobKind.EVALUATION, "InProgress", Outcome.RUNNING),
        (JobKind.EVALUATION, "Stopping", Outcome.RUNNING),
        (JobKind.EVALUATION, "Completed", Outcome.SUCCEEDED),
        (JobKind.EVALUATION, "Stopped", Outcome.FAILED),
        (JobKind.EVALUATION, "Deleting", Outcome.FAILED),
        (JobKind.EVALUATION, "Failed", Outcome.FAILED),
        (JobKind.BATCH, "SomethingNew", Outcome.RUNNING),
    ],
)
def test_each_status_has_its_outcome(kind: JobKind, status: str, outcome: Outcome) -> None:
    assert outcome_of(kind, status) is outcome
