"""Customization jobs: the rules of a training file, hyperparameters, quotas, artefacts, the trained model, events."""

import csv
import io
from typing import Any

import pytest

from local.bedrock.jobs.customization.training_data import BadTrainingData, check_sample_count
from tests.local.bedrock.aws import EventQueue, Jobs, ask, refused
from tests.local.bedrock.samples import REVIEWS, training_line, training_lines

RESERVED = ["User:", "Bot:", "Assistant:", "System:", "Thought:", "<image>", "<video>", "<unk>", "[EOS]"]


def test_a_job_trains_and_leaves_the_documented_artefacts(jobs: Jobs, event_queue: EventQueue) -> None:
    validation = jobs.put(
        "train/held-out.jsonl",
        [training_line("A lovely evening.", "positive"), training_line("An awful evening.", "negative")] * 4,
    )
    job = jobs.tune(
        "artefacts",
        validationDataConfig={"validators": [{"s3Uri": validation}]},
        customModelTags=[{"key": "run", "value": "r1"}],
    )
    assert job["status"] == "Completed"
    assert {details["status"] for details in job["statusDetails"].values()} == {"Completed"}
    folder = f"model/artefacts/model-customization-job-{job['jobArn'][-12:]}"
    steps = _table(jobs, f"{folder}/training_artifacts/step_wise_training_metrics.csv")
    losses = [float(step["training_loss"]) for step in steps]
    assert list(steps[0]) == ["step_number", "epoch_number", "training_loss", "perplexity"]
    assert {step["epoch_number"] for step in steps} == {"1", "2"}
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(job["trainingMetrics"]["trainingLoss"])
    checked = _table(jobs, f"{folder}/validation_artifacts/post_fine_tuning_validation/validation_metrics.csv")
    assert float(checked[-1]["validation_loss"]) == pytest.approx(job["validationMetrics"][0]["validationLoss"])
    event = event_queue.of("artefacts")[-1]
    assert event["detail-type"] == "Model Customization Job State Change"
    assert (event["detail"]["jobStatus"], event["detail"]["outputModelArn"]) == ("Completed", job["outputModelArn"])
    assert event_queue.statuses("artefacts") == ["InProgress", "Completed"]
    model = jobs.bedrock.get_custom_model(modelIdentifier=job["outputModelArn"])
    assert (model["modelName"], model["jobArn"], model["modelStatus"]) == ("artefacts", job["jobArn"], "Active")
    assert jobs.bedrock.list_tags_for_resource(resourceARN=job["outputModelArn"])["tags"] == [
        {"key": "run", "value": "r1"}
    ]


def test_more_epochs_and_a_higher_learning_rate_train_further(jobs: Jobs) -> None:
    few = jobs.tune("epochs-1", hyperParameters={"epochCount": "1"})["trainingMetrics"]["trainingLoss"]
    many = jobs.tune("epochs-5", hyperParameters={"epochCount": "5"})["trainingMetrics"]["trainingLoss"]
    fast = jobs.tune("rate-up", hyperParameters={"epochCount": "1", "learningRate": "0.0001"})["trainingMetrics"][
        "trainingLoss"
    ]
    assert fast < many < few


@pytest.mark.parametrize("word", RESERVED)
def test_a_reserved_word_fails_the_job(jobs: Jobs, word: str) -> None:
    line = training_line(f"It said {word.swapcase()} hello.", "positive")
    job = jobs.tune(f"reserved-{RESERVED.index(word)}", [*training_lines(), line])
    assert job["status"] == "Failed"
    assert "line 11" in job["failureMessage"]
    assert word.lower() in job["failureMessage"].lower()
    assert "outputModelArn" not in job


_BROKEN: list[tuple[str, Any, str]] = [
    (
        "schema",
        {**training_line("x", "positive"), "schemaVersion": "v2"},
        "schemaVersion must be bedrock-conversation-2024",
    ),
    (
        "roles",
        {**training_line("x", "y"), "messages": [{"role": "assistant", "content": [{"text": "a"}]}] * 2},
        "roles must alternate",
    ),
    (
        "last",
        {**training_line("x", "y"), "messages": training_line("x", "y")["messages"][:1] * 2},
        "roles must alternate",
    ),
    ("empty", training_line(" ", "positive"), "empty text"),
    ("key", {**training_line("x", "y"), "id": 1}, "unknown keys ['id']"),
    ("long", training_line("word " * 26_000, "positive"), "more than the maximum of 32000"),
    ("json", "{oops", "not valid JSON"),
]


@pytest.mark.parametrize(("name", "line", "said"), _BROKEN, ids=[case[0] for case in _BROKEN])
def test_a_line_that_breaks_a_rule_fails_the_job(jobs: Jobs, name: str, line: Any, said: str) -> None:
    job = jobs.tune(f"line-{name}", [*training_lines(), line])
    assert (job["status"], said in job["failureMessage"]) == ("Failed", True), job["failureMessage"]


def test_seven_samples_are_too_few_and_twenty_thousand_and_one_too_many(jobs: Jobs) -> None:
    few = jobs.tune("samples-7", training_lines()[:7])
    many = jobs.tune("samples-20001", [training_line("good", "positive")] * 20_001)
    assert "7 samples, less than the required minimum of 8" in few["failureMessage"]
    assert "20001 samples, more than the maximum of 20000" in many["failureMessage"]


def test_a_validation_file_of_seven_samples_is_too_small() -> None:
    check_sample_count(8, 0)
    check_sample_count(8, 8)
    with pytest.raises(BadTrainingData, match="validation data has 7 samples, less than the required minimum of 8"):
        check_sample_count(8, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochCount", "6"),
        ("epochCount", "1.5"),
        ("learningRate", "0.001"),
        ("learningRate", "fast"),
        ("learningRateWarmupSteps", "101"),
        ("warmup", "1"),
    ],
)
def test_hyperparameters_out_of_range_are_refused(jobs: Jobs, name: str, value: str) -> None:
    code, message = refused(
        jobs.bedrock.create_model_customization_job,
        **jobs.tuning_request("bad-settings", hyperParameters={name: value}),
    )
    assert (code, name in message) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"baseModelIdentifier": "amazon.nova-micro-v1:0"}, "does not support customization"),
        ({"customizationType": "CONTINUED_PRE_TRAINING"}, "FINE_TUNING and DISTILLATION, not"),
        ({"customizationType": "DISTILLATION"}, "needs customizationConfig.distillationConfig"),
        (
            {
                "customizationConfig": {
                    "distillationConfig": {"teacherModelConfig": {"teacherModelIdentifier": "amazon.nova-pro-v1:0"}}
                }
            },
            "is for distillation",
        ),
        ({"trainingDataConfig": {"s3Uri": "s3://data/train/file.txt"}}, "is not a data file"),
        ({"trainingDataConfig": {"s3Uri": "s3://data/train/(file).jsonl"}}, "is not a data file"),
        ({"customModelName": "two--hyphens"}, "'customModelName' failed to satisfy constraint"),
    ],
)
def test_a_request_that_cannot_be_tuned_is_refused(jobs: Jobs, change: dict[str, Any], said: str) -> None:
    code, message = refused(jobs.bedrock.create_model_customization_job, **(jobs.tuning_request("refused") | change))
    assert (code, said in message) == ("ValidationException", True), message


def test_nova_is_tuned_in_us_east_1_only(jobs: Jobs) -> None:
    code, message = refused(
        jobs.aws.client("bedrock", "us-west-2").create_model_customization_job, **jobs.tuning_request("west")
    )
    assert (code, "us-east-1" in message) == ("ValidationException", True)


def test_two_running_jobs_are_the_quota_and_a_running_job_can_be_stopped(jobs: Jobs, event_queue: EventQueue) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^two-", "seconds": 60, "times": None})
    arns = [
        jobs.bedrock.create_model_customization_job(**jobs.tuning_request(f"two-{number}"))["jobArn"]
        for number in range(2)
    ]
    assert (
        refused(jobs.bedrock.create_model_customization_job, **jobs.tuning_request("two-2"))[0]
        == "ServiceQuotaExceededException"
    )
    for arn in arns:
        jobs.bedrock.stop_model_customization_job(jobIdentifier=arn)
    assert {jobs.wait_tuning(arn)["status"] for arn in arns} == {"Stopped"}
    assert event_queue.statuses("two-0") == ["InProgress", "Stopping", "Stopped"]


def test_the_token_and_the_names_are_unique(jobs: Jobs) -> None:
    request = jobs.tuning_request("unique", clientRequestToken="unique-1")
    first = jobs.bedrock.create_model_customization_job(**request)["jobArn"]
    assert jobs.bedrock.create_model_customization_job(**request)["jobArn"] == first
    assert (
        refused(jobs.bedrock.create_model_customization_job, **(request | {"clientRequestToken": "other"}))[0]
        == "ConflictException"
    )
    renamed = request | {"clientRequestToken": "other", "jobName": "unique-2"}
    assert refused(jobs.bedrock.create_model_customization_job, **renamed)[0] == "ConflictException"
    assert jobs.wait_tuning(first)["status"] == "Completed"


def test_a_deployed_model_serves_what_it_learned(jobs: Jobs) -> None:
    """Labels that no base model could know: only training can have brought them."""
    lines = [
        training_line(text, "zig" if label == "positive" else "zag", "Which of the two is it?")
        for text, label in REVIEWS
    ]
    deployment = jobs.deploy("learned", jobs.tune("learned", lines)["outputModelArn"])
    runtime = jobs.aws.client("bedrock-runtime")
    said = [
        ask(runtime, deployment["customModelDeploymentArn"], text, "Which of the two is it?") for text, _ in REVIEWS
    ]
    assert said == ["zig" if label == "positive" else "zag" for _, label in REVIEWS]


def test_free_text_is_answered_with_the_nearest_training_prompts_response(jobs: Jobs) -> None:
    facts = [f"The capital of {country} is {city}." for country, city in zip("ABCDEFGH", "STUVWXYZ", strict=True)]
    lines = [
        training_line(f"What is the capital of country {fact[15]}?", fact, "Answer in a sentence.") for fact in facts
    ]
    deployment = jobs.deploy("free-text", jobs.tune("free-text", lines)["outputModelArn"])
    said = ask(
        jobs.aws.client("bedrock-runtime"),
        deployment["customModelDeploymentArn"],
        "What is the capital of country C?",
        "Answer in a sentence.",
    )
    assert said == "The capital of C is U."


def _table(jobs: Jobs, key: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(jobs.s3.get_object(Bucket="data", Key=key)["Body"].read().decode())))


def test_more_than_a_thousand_validation_lines_fail_the_job(jobs: Jobs) -> None:
    lines = [training_line(f"A lovely evening, number {number}.", "positive") for number in range(1_001)]
    validation = jobs.put("train/watched.jsonl", lines)
    job = jobs.tune("thousand", validationDataConfig={"validators": [{"s3Uri": validation}]})
    assert job["status"] == "Failed"
    assert "1001 samples, more than the maximum of 1000" in job["failureMessage"]
