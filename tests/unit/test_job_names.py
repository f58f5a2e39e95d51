"""Names: within Bedrock's patterns for the longest run id, and readable back."""

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation import job_names

RUN_IDS = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,35}", fullmatch=True).filter(lambda run_id: len(run_id) <= job_names.RUN_ID_MAX)
MODEL = botocore.session.get_session().get_service_model("bedrock")


def pattern(operation: str, member: str) -> str:
    return str(MODEL.operation_model(operation).input_shape.members[member].metadata["pattern"])


@given(run_id=RUN_IDS)
def test_every_name_fits_its_pattern_and_its_63_characters(run_id: str) -> None:
    app = "nova-distill"
    names = {
        ("CreateModelInvocationJob", "jobName"): [
            job_names.batch(app, run_id, 99, 9999, 9),
            job_names.prediction_batch(app, run_id, "student", 9999),
            job_names.prediction_batch(app, run_id, "base", 9999, 9),
        ],
        ("CreateModelCustomizationJob", "jobName"): [job_names.tuning(app, run_id, "student", 9)],
        ("CreateModelCustomizationJob", "customModelName"): [job_names.tuning(app, run_id, "student", 9)],
        ("CreateCustomModelDeployment", "modelDeploymentName"): [job_names.deployment(app, run_id, "student", 9)],
    }
    for (operation, member), made in names.items():
        for name in made:
            assert re.fullmatch(pattern(operation, member), name), (operation, member, name)
            assert len(name) <= 63


@given(run_id=RUN_IDS)
def test_the_run_is_read_back_from_every_name(run_id: str) -> None:
    for name in (
        job_names.batch("app", run_id, 1, 2),
        job_names.batch("app", run_id, 1, 2, 3),
        job_names.prediction_batch("app", run_id, "base", 0, 1),
        job_names.tuning("app", run_id, "student"),
        job_names.deployment("app", run_id, "student"),
    ):
        assert job_names.run_id_of("app", name) == run_id


@pytest.mark.parametrize("name", ["other-job", "nova-distillery-x-w00-s0000", "nova-distill-x", ""])
def test_jobs_of_somebody_else_belong_to_no_run(name: str) -> None:
    assert job_names.run_id_of("nova-distill", name) is None


def test_client_tokens_fit_the_pattern_and_differ_by_name() -> None:
    assert re.fullmatch(pattern("CreateModelInvocationJob", "clientRequestToken"), job_names.client_token("a"))
    assert job_names.client_token("a") != job_names.client_token("b")
