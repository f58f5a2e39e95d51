"""Names: within Bedrock's patterns for the longest run id, and readable back."""

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distillation.bedrock import job_names
from distillation.bedrock.job_status import JobKind
from distillation.records import Arm, Asking
from distillation.run.config import DATASET_PATTERN

RUN_IDS = st.from_regex(r"[a-z0-9](-?[a-z0-9]){0,35}", fullmatch=True).filter(
    lambda run_id: len(run_id) <= job_names.RUN_ID_MAX
)
TRAINED = (Arm.STUDENT, Arm.DIRECT)
MODEL = botocore.session.get_session().get_service_model("bedrock")


def pattern(operation: str, member: str) -> str:
    return str(MODEL.operation_model(operation).input_shape.members[member].metadata["pattern"])


@given(run_id=RUN_IDS)
def test_every_name_fits_its_pattern_and_its_63_characters(run_id: str) -> None:
    app = "nova-distill"
    names = {
        ("CreateModelInvocationJob", "jobName"): [
            job_names.batch(app, run_id, 99, 9999, attempt=9),
            job_names.prediction_batch(app, run_id, "student", 9999),
            *(job_names.prediction_batch(app, run_id, arm, 9999, 9) for arm in Arm),
        ],
        ("CreateEvaluationJob", "jobName"): [
            job_names.evaluation(app, run_id, arm, 19, "0a1b2c3d", attempt=9) for arm in Arm
        ],
        ("CreateModelCustomizationJob", "jobName"): [job_names.tuning(app, run_id, arm, 9) for arm in TRAINED],
        ("CreateModelCustomizationJob", "customModelName"): [job_names.tuning(app, run_id, arm, 9) for arm in TRAINED],
        ("CreateCustomModelDeployment", "modelDeploymentName"): [
            job_names.deployment(app, run_id, arm, 9) for arm in TRAINED
        ],
    }
    for (operation, member), made in names.items():
        for name in made:
            assert re.fullmatch(pattern(operation, member), name), (operation, member, name)
            assert len(name) <= 63


@given(run_id=RUN_IDS)
def test_the_run_is_read_back_from_every_name(run_id: str) -> None:
    for name in (
        job_names.batch("app", run_id, 1, 2),
        job_names.batch("app", run_id, 1, 2, attempt=3),
        *(job_names.prediction_batch("app", run_id, arm, 0, 1) for arm in Arm),
        *(job_names.evaluation("app", run_id, arm, 3, "ff00ff", attempt=1) for arm in Arm),
        job_names.promotion("app", run_id, 1),
        job_names.way_back(job_names.promotion("app", run_id)),
        job_names.approval("app", run_id),
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


@given(dataset=st.from_regex(DATASET_PATTERN, fullmatch=True), other=st.from_regex(DATASET_PATTERN, fullmatch=True))
def test_every_dataset_has_a_deployment_of_its_own_with_a_name_that_bedrock_takes(dataset: str, other: str) -> None:
    name = job_names.stable_deployment("nova-distill", dataset)
    assert re.fullmatch(pattern("CreateCustomModelDeployment", "modelDeploymentName"), name) and len(name) <= 63
    assert (name == job_names.stable_deployment("nova-distill", other)) is (dataset == other)


def test_names_of_datasets_that_differ_in_hyphens_differ() -> None:
    assert len({job_names.stable_deployment("app", dataset) for dataset in ("a-b", "a--b", "a-b-", "a-b--")}) == 4


@given(run_id=RUN_IDS, attempt=st.integers(0, 20))
def test_a_promotion_and_its_way_back_are_told_apart(run_id: str, attempt: int) -> None:
    name = job_names.promotion("app", run_id, attempt)
    back = job_names.way_back(name)
    assert job_names.is_promotion(name) and not job_names.is_promotion(back)
    assert job_names.run_id_of("app", back) == run_id and back.endswith(f"p{attempt}")


ATTEMPTS, SHARDS, WAVES = st.integers(0, 12), st.integers(0, 20_000), st.integers(0, 120)


@given(run_id=RUN_IDS, stage=st.sampled_from(Asking), wave=WAVES, shard=SHARDS, attempt=ATTEMPTS)
def test_a_wave_is_read_back(run_id: str, stage: Asking, wave: int, shard: int, attempt: int) -> None:
    name = job_names.batch("nova-distill", run_id, wave, shard, attempt=attempt, stage=stage)
    expected = job_names.JobName(JobKind.BATCH, stage, wave, shard=shard, attempt=attempt)
    assert job_names.parsed(name) == expected


@given(run_id=RUN_IDS, arm=st.sampled_from(Arm), shard=SHARDS, attempt=ATTEMPTS)
def test_work_for_an_arm_is_read_back(run_id: str, arm: Arm, shard: int, attempt: int) -> None:
    app, said = "nova-distill", {"arm": arm, "attempt": attempt}
    assert job_names.parsed(job_names.prediction_batch(app, run_id, arm, shard, attempt)) == job_names.JobName(
        JobKind.BATCH, shard=shard, **said
    )
    judged = job_names.evaluation(app, run_id, arm, shard, "0a1b2c3d", attempt=attempt)
    assert job_names.parsed(judged) == job_names.JobName(JobKind.EVALUATION, shard=shard, **said)


@given(run_id=RUN_IDS, arm=st.sampled_from(TRAINED), attempt=ATTEMPTS)
def test_the_arm_of_a_model_is_read_back(run_id: str, arm: Arm, attempt: int) -> None:
    for kind, make in ((JobKind.TUNING, job_names.tuning), (JobKind.DEPLOYMENT, job_names.deployment)):
        assert job_names.parsed(make("app", run_id, arm, attempt)) == job_names.JobName(kind, arm=arm, attempt=attempt)


@given(run_id=RUN_IDS, attempt=ATTEMPTS)
def test_what_is_no_job_of_bedrocks_is_read_as_none(run_id: str, attempt: int) -> None:
    promoted = job_names.promotion("app", run_id, attempt)
    for name in (promoted, job_names.way_back(promoted), job_names.approval("app", run_id, attempt), "app-reviews-s3"):
        assert job_names.parsed(name) is None
