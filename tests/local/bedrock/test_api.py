"""The form of the API: routes, checks against the service model, error codes, Region rules, roles, tokens, pages,
tags.
"""

import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local.bedrock.aws import JUDGE, ROLE, Jobs, LocalAws, refused
from tests.local.bedrock.samples import answered_line, batch_records, training_line


def test_an_unknown_operation_is_answered_with_404(aws: LocalAws) -> None:
    assert refused(aws.client("bedrock").list_guardrails)[0] == "UnknownOperationException"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{aws.url}/model-invocation-job", timeout=5)  # noqa: S310 - our own
    assert caught.value.code == 404
    assert caught.value.headers["x-amzn-errortype"] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"jobName": "no_underscore"},
            "'jobName' failed to satisfy constraint: Member must satisfy regular expression pattern",
        ),
        (
            {"jobName": "x" * 64},
            "'jobName' failed to satisfy constraint: Member must have length less than or equal to 63",
        ),
        ({"timeoutDurationInHours": 169}, "less than or equal to 168"),
        ({"modelInvocationType": "Chat"}, "Member must satisfy enum value set: [InvokeModel, Converse]"),
        (
            {"outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "https://x"}}},
            "'outputDataConfig.s3OutputDataConfig.s3Uri'",
        ),
        ({"roleArn": "batch-role"}, "'roleArn' failed to satisfy constraint"),
    ],
)
def test_patterns_ranges_and_enums_of_the_service_model_are_checked(
    jobs: Jobs, change: dict[str, Any], said: str
) -> None:
    client = jobs.aws.client("bedrock")
    code, message = refused(client.create_model_invocation_job, **(jobs.batch_request("model-check", []) | change))
    assert code == "ValidationException"
    assert said in message


def test_a_role_that_does_not_exist_or_does_not_trust_bedrock_is_refused(jobs: Jobs) -> None:
    for role, why in (("nobody", "there is no role"), ("lambda-only", "trust policy must allow")):
        for create, request in (
            (jobs.bedrock.create_model_invocation_job, jobs.batch_request("role-check", [])),
            (jobs.bedrock.create_model_customization_job, jobs.tuning_request("role-check")),
        ):
            code, message = refused(create, **(request | {"roleArn": f"arn:aws:iam::000000000000:role/{role}"}))
            assert (code, why in message) == ("ValidationException", True)


def test_the_bare_id_works_in_us_east_1_only_and_a_profile_in_its_regions(aws: LocalAws) -> None:
    question = {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Answer with exactly one of: yes | no"}],
    }
    ireland = aws.client("bedrock-runtime", "eu-west-1")
    code, message = refused(ireland.converse, modelId="amazon.nova-pro-v1:0", **question)
    assert (code, "inference profile" in message) == ("ValidationException", True)
    assert ireland.converse(modelId="eu.amazon.nova-pro-v1:0", **question)["stopReason"] == "end_turn"
    assert refused(ireland.converse, modelId="us.amazon.nova-pro-v1:0", **question)[0] == "ValidationException"
    assert (
        aws.client("bedrock-runtime").converse(modelId="us.amazon.nova-pro-v1:0", **question)["stopReason"]
        == "end_turn"
    )
    assert (
        refused(aws.client("bedrock-runtime").converse, modelId="amazon.nova-pro-v9:0", **question)[0]
        == "ValidationException"
    )


def test_foundation_models_and_inference_profiles_are_described(aws: LocalAws) -> None:
    client = aws.client("bedrock")
    details = client.get_foundation_model(modelIdentifier="amazon.nova-micro-v1:0:128k")["modelDetails"]
    assert "FINE_TUNING" in details["customizationsSupported"]
    assert details["modelLifecycle"]["status"] == "ACTIVE"
    assert client.get_foundation_model(modelIdentifier="amazon.nova-pro-v1:0")["modelDetails"][
        "inferenceTypesSupported"
    ] == ["ON_DEMAND"]
    profile = client.get_inference_profile(inferenceProfileIdentifier="us.amazon.nova-pro-v1:0")
    assert profile["status"] == "ACTIVE"
    assert profile["models"][0]["modelArn"].endswith("foundation-model/amazon.nova-pro-v1:0")
    assert (
        refused(client.get_inference_profile, inferenceProfileIdentifier="eu.amazon.nova-pro-v1:0")[0]
        == "ResourceNotFoundException"
    )
    assert refused(client.get_foundation_model, modelIdentifier="amazon.titan-v1:0")[0] == "ResourceNotFoundException"


def test_judges_and_embeddings_are_described_and_called_where_they_can_be(aws: LocalAws) -> None:
    client, runtime = aws.client("bedrock"), aws.client("bedrock-runtime")
    question = {
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "system": [{"text": "Answer with exactly one of: yes | no"}],
    }
    titan, claude = "amazon.titan-embed-text-v2:0", "anthropic.claude-haiku-4-5-20251001-v1:0"
    assert client.get_foundation_model(modelIdentifier=titan)["modelDetails"]["outputModalities"] == ["EMBEDDING"]
    details = client.get_foundation_model(modelIdentifier=claude)["modelDetails"]
    assert (details["providerName"], details["inferenceTypesSupported"]) == ("Anthropic", ["INFERENCE_PROFILE"])
    assert client.get_inference_profile(inferenceProfileIdentifier=f"us.{claude}")["status"] == "ACTIVE"
    assert runtime.converse(modelId=f"us.{claude}", **question)["output"]["message"]["content"][0]["text"] in (
        "yes",
        "no",
    )
    assert "inference profile" in refused(runtime.converse, modelId=claude, **question)[1]
    assert runtime.converse(modelId=JUDGE, **question)["stopReason"] == "end_turn"
    assert refused(runtime.converse, modelId=titan, **question) == (
        "ValidationException",
        "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
    )
    assert refused(runtime.invoke_model, modelId=JUDGE, body=b"{}")[0] == "ValidationException"


def test_the_same_client_token_makes_one_job_and_other_parameters_conflict(jobs: Jobs) -> None:
    request = jobs.batch_request("token-once", clientRequestToken="token-once")
    first, second = (jobs.bedrock.create_model_invocation_job(**request)["jobArn"] for _ in range(2))
    assert first == second
    assert len(jobs.bedrock.list_model_invocation_jobs(nameContains="token-once")["invocationJobSummaries"]) == 1
    assert (
        refused(jobs.bedrock.create_model_invocation_job, **(request | {"timeoutDurationInHours": 48}))[0]
        == "ConflictException"
    )
    jobs.wait_batch(first)


def test_a_name_in_use_is_refused(jobs: Jobs) -> None:
    request = jobs.batch_request("name-twice", [])
    arn = jobs.bedrock.create_model_invocation_job(**request)["jobArn"]
    assert refused(jobs.bedrock.create_model_invocation_job, **request)[0] == "ConflictException"
    jobs.wait_batch(arn)


def test_lists_filter_sort_and_page(jobs: Jobs) -> None:
    arns = [
        jobs.bedrock.create_model_invocation_job(**jobs.batch_request(f"paged-{number}", []))["jobArn"]
        for number in range(3)
    ]
    for arn in arns:
        jobs.wait_batch(arn)
    pages = jobs.bedrock.get_paginator("list_model_invocation_jobs").paginate(
        nameContains="paged-", sortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    sizes = [[job["jobName"] for job in page["invocationJobSummaries"]] for page in pages]
    assert sizes == [["paged-0", "paged-1"], ["paged-2"]]
    assert (
        jobs.bedrock.list_model_invocation_jobs(nameContains="paged-", statusEquals="Completed")[
            "invocationJobSummaries"
        ]
        == []
    )
    newest_first = jobs.bedrock.list_model_invocation_jobs(nameContains="paged-")["invocationJobSummaries"]
    assert newest_first[0]["jobName"] == "paged-2"
    after = newest_first[0]["submitTime"]
    assert (
        jobs.bedrock.list_model_invocation_jobs(nameContains="paged-", submitTimeAfter=after)["invocationJobSummaries"]
        == []
    )


def test_tags_are_kept_and_more_than_fifty_are_refused(jobs: Jobs) -> None:
    request = jobs.batch_request("tagged", [], tags=[{"key": "run", "value": "r1"}])
    arn = jobs.bedrock.create_model_invocation_job(**request)["jobArn"]
    jobs.bedrock.tag_resource(resourceARN=arn, tags=[{"key": "app", "value": "nova"}])
    jobs.bedrock.untag_resource(resourceARN=arn, tagKeys=["run"])
    assert jobs.bedrock.list_tags_for_resource(resourceARN=arn)["tags"] == [{"key": "app", "value": "nova"}]
    many = [{"key": f"k{number}", "value": "v"} for number in range(51)]
    assert refused(jobs.bedrock.tag_resource, resourceARN=arn, tags=many)[0] == "TooManyTagsException"
    jobs.wait_batch(arn)


def test_the_call_log_shows_every_call_with_its_outcome(jobs: Jobs) -> None:
    before = len(jobs.aws.control("GET", "calls")["calls"])
    refused(jobs.bedrock.get_model_invocation_job, jobIdentifier="abcdefghijkl")
    arn = jobs.bedrock.create_model_invocation_job(**jobs.batch_request("logged", []))["jobArn"]
    new = jobs.aws.control("GET", "calls")["calls"][before:]
    assert [(call["operation"], call["name"], call["outcome"]) for call in new] == [
        ("GetModelInvocationJob", "abcdefghijkl", "ResourceNotFoundException"),
        ("CreateModelInvocationJob", "logged", "ok"),
    ]
    jobs.wait_batch(arn)


def test_every_answer_fits_the_service_model(jobs: Jobs) -> None:
    """Each output is checked with the same patterns, ranges and required members that requests are checked with."""
    from local.bedrock.api.routes import operation_model
    from local.bedrock.api.validation import list_problems

    batch = jobs.batch("fits-model", batch_records(100))
    tuning = jobs.tune("fits-model", [training_line(f"good {number}", "positive") for number in range(8)])
    deployment = jobs.deploy("fits-model", tuning["outputModelArn"])
    client = jobs.bedrock
    evaluation = jobs.evaluate("fits-model", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    answers = {
        "GetEvaluationJob": evaluation,
        "ListEvaluationJobs": client.list_evaluation_jobs(),
        "GetModelInvocationJob": batch,
        "GetModelCustomizationJob": tuning,
        "GetCustomModelDeployment": deployment,
        "GetCustomModel": client.get_custom_model(modelIdentifier=tuning["outputModelArn"]),
        "ListModelInvocationJobs": client.list_model_invocation_jobs(),
        "ListModelCustomizationJobs": client.list_model_customization_jobs(),
        "ListCustomModels": client.list_custom_models(),
        "ListCustomModelDeployments": client.list_custom_model_deployments(),
        "GetFoundationModel": client.get_foundation_model(modelIdentifier="amazon.nova-pro-v1:0"),
        "GetInferenceProfile": client.get_inference_profile(inferenceProfileIdentifier="us.amazon.nova-pro-v1:0"),
    }
    for operation, answer in answers.items():
        body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        assert list_problems(operation_model(operation).output_shape, body) == [], operation
    assert batch["roleArn"] == ROLE
