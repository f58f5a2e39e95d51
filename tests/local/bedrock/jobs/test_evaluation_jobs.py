"""Evaluation jobs: what they write, that the scores follow the answers, the dataset's rules, what is refused,
stopping.
"""

import json
from typing import Any

import pytest

from tests.local.bedrock.aws import JUDGE, EventQueue, Jobs, refused
from tests.local.bedrock.samples import REVIEWS, SYSTEM, answered_line

BUILTIN = [
    f"Builtin.{name}"
    for name in (
        "Correctness",
        "Completeness",
        "Faithfulness",
        "Helpfulness",
        "Coherence",
        "Relevance",
        "FollowingInstructions",
    )
]
BUILTIN += ["Builtin.ProfessionalStyleAndTone", "Builtin.Harmfulness", "Builtin.Stereotyping", "Builtin.Refusal"]
QUESTION = "Why is the sky blue?"
REFERENCE = "The sky is blue because air molecules scatter blue light from the sun more than red light."


def rating_metric(name: str = "mood") -> dict[str, Any]:
    """A custom metric that asks the judge for the mood of the answer."""
    instructions = "You judge reviews. What is the sentiment of the review?\n\n{{prompt}} {{ prediction }}"
    ratings = [
        {"definition": "negative", "value": {"floatValue": 0.0}},
        {"definition": "positive", "value": {"floatValue": 1.0}},
    ]
    return {"customMetricDefinition": {"name": name, "instructions": instructions, "ratingScale": ratings}}


def with_custom(request: dict[str, Any], *metrics: dict[str, Any]) -> dict[str, Any]:
    """The request with custom metrics."""
    automated = request["evaluationConfig"]["automated"]
    custom = {"customMetrics": list(metrics), "evaluatorModelConfig": automated["evaluatorModelConfig"]}
    return request | {"evaluationConfig": {"automated": automated | {"customMetricConfig": custom}}}


def scores(line: dict[str, Any]) -> dict[str, Any]:
    """The results of a line by metric."""
    return {score["metricName"]: score["result"] for score in line["automatedEvaluationResult"]["scores"]}


def judge_one(jobs: Jobs, name: str, prompt: str, answer: str, reference: str = "") -> dict[str, Any]:
    """The scores of one answer in every built-in metric."""
    return scores(jobs.judged(jobs.evaluate(name, [answered_line(prompt, answer, reference)], BUILTIN))[0])


def test_a_job_writes_the_documented_lines_at_the_documented_place(jobs: Jobs, event_queue: EventQueue) -> None:
    lines = [answered_line(f"{text}\n{SYSTEM}", label, label) for text, label in REVIEWS]
    job = jobs.evaluate(
        "documented", lines, ["Builtin.Correctness", "Builtin.Completeness"], jobTags=[{"key": "run", "value": "r1"}]
    )
    assert (job["status"], job["jobType"], job["applicationType"]) == ("Completed", "Automated", "ModelEvaluation")
    judged = jobs.judged(job)
    assert sorted(json.dumps(line["inputRecord"], sort_keys=True) for line in judged) == sorted(
        json.dumps(line, sort_keys=True) for line in lines
    )
    for line in judged:
        assert line["modelResponses"] == line["inputRecord"]["modelResponses"]
        first, second = line["automatedEvaluationResult"]["scores"]
        assert (first["metricName"], second["metricName"]) == ("Builtin.Correctness", "Builtin.Completeness")
        assert first["evaluatorDetails"][0]["modelIdentifier"] == JUDGE
        assert first["evaluatorDetails"][0]["explanation"]
    assert jobs.bedrock.list_tags_for_resource(resourceARN=job["jobArn"])["tags"] == [{"key": "run", "value": "r1"}]
    assert event_queue.of("documented") == [], "Bedrock sends no events about evaluation jobs"


def test_the_order_of_lines_is_not_that_of_the_dataset_and_the_same_job_gives_the_same_scores(jobs: Jobs) -> None:
    lines = [answered_line(f"Question {number}", f"Answer {number}") for number in range(20)]
    one, other = (jobs.judged(jobs.evaluate(name, lines, BUILTIN)) for name in ("order-a", "order-b"))
    assert [line["inputRecord"] for line in one] != lines
    by_prompt = [{line["inputRecord"]["prompt"]: scores(line) for line in judged} for judged in (one, other)]
    assert by_prompt[0] == by_prompt[1]


def test_a_better_answer_scores_higher(jobs: Jobs) -> None:
    good = judge_one(
        jobs,
        "good",
        QUESTION,
        "Air molecules scatter blue light from the sun more than red light, so the sky is blue.",
        REFERENCE,
    )
    short = judge_one(jobs, "short", QUESTION, "Air scatters light.", REFERENCE)
    wrong = judge_one(jobs, "wrong", QUESTION, "my invoice is late!! PAY ME NOW!! my invoice is late!!", REFERENCE)
    for metric in ("Builtin.Correctness", "Builtin.Completeness", "Builtin.Helpfulness"):
        assert good[metric] > wrong[metric], metric
        assert good[metric] >= short[metric], metric
    assert good["Builtin.Completeness"] > short["Builtin.Completeness"]
    for metric in (
        "Builtin.Relevance",
        "Builtin.Faithfulness",
        "Builtin.ProfessionalStyleAndTone",
        "Builtin.Coherence",
    ):
        assert good[metric] > wrong[metric], metric
    assert set(good) == set(BUILTIN)


def test_labels_are_right_or_wrong(jobs: Jobs) -> None:
    right, wrong = (
        judge_one(jobs, f"label-{label}", f"{SYSTEM}\n{REVIEWS[0][0]}", label, "positive")
        for label in ("positive", "negative")
    )
    assert (right["Builtin.Correctness"], right["Builtin.Completeness"]) == (1.0, 1.0)
    assert wrong["Builtin.Correctness"] == 0.0
    assert (right["Builtin.FollowingInstructions"], wrong["Builtin.FollowingInstructions"]) == (1.0, 1.0)
    assert (
        judge_one(jobs, "label-none", f"{REVIEWS[0][0]}\n{SYSTEM}", "It is great.", "positive")[
            "Builtin.FollowingInstructions"
        ]
        == 0.0
    )


def test_refusal_and_harm_are_seen_and_what_does_not_apply_is_null(jobs: Jobs) -> None:
    refusal = judge_one(jobs, "refusal", QUESTION, "I'm sorry, but I can't help with that.", REFERENCE)
    threat = judge_one(jobs, "threat", QUESTION, "You are a stupid idiot and I will hurt you.", REFERENCE)
    assert (refusal["Builtin.Refusal"], refusal["Builtin.Helpfulness"], refusal["Builtin.Harmfulness"]) == (
        1.0,
        0.0,
        0.0,
    )
    assert (threat["Builtin.Refusal"], threat["Builtin.Harmfulness"], threat["Builtin.Stereotyping"]) == (0.0, 1.0, 0.0)
    assert refusal["Builtin.FollowingInstructions"] is None


def test_custom_metrics_are_rated_by_the_judge_among_the_scales_ratings(jobs: Jobs) -> None:
    lines = [answered_line("A review:", text) for text, _ in REVIEWS]
    request = with_custom(
        jobs.evaluation_request("custom", lines, ["Builtin.Relevance", "mood"]),
        rating_metric(),
        rating_metric("not-listed"),
    )
    job = jobs.wait_evaluation(jobs.bedrock.create_evaluation_job(**request)["jobArn"])
    rated = {line["inputRecord"]["modelResponses"][0]["response"]: scores(line) for line in jobs.judged(job)}
    right = sum(rated[text]["mood"] == float(label == "positive") for text, label in REVIEWS)
    assert right >= 9
    assert all(set(result) == {"Builtin.Relevance", "mood"} for result in rated.values())
    stored = jobs.s3.get_object(Bucket="data", Key=f"judged/custom/{job['jobArn'][-12:]}/custom_metrics/mood.json")[
        "Body"
    ].read()
    assert json.loads(stored) == rating_metric()


def test_a_custom_metric_without_a_scale_has_only_an_explanation(jobs: Jobs) -> None:
    metric = rating_metric()
    del metric["customMetricDefinition"]["ratingScale"]
    request = with_custom(jobs.evaluation_request("no-scale", [answered_line("Hi", "Hello")], ["mood"]), metric)
    [line] = jobs.judged(jobs.wait_evaluation(jobs.bedrock.create_evaluation_job(**request)["jobArn"]))
    [score] = line["automatedEvaluationResult"]["scores"]
    assert score["result"] is None
    assert score["evaluatorDetails"][0]["explanation"]


@pytest.mark.parametrize(
    ("name", "lines", "said"),
    [
        ("many", [answered_line("Hi", "Hello")] * 1_001, "1001 prompts; a job takes 1 to 1000"),
        ("empty", [], "0 prompts"),
        ("json", ["{oops"], "Line 1 of the dataset is not valid JSON"),
        ("prompt", [answered_line(" ", "Hello")], "has no prompt"),
        (
            "other",
            [answered_line("Hi", "Hello"), answered_line("Hi", "Hello", model="teacher")],
            "Line 2 of the dataset: the modelIdentifier 'teacher'",
        ),
        (
            "two",
            [answered_line("Hi", "Hello") | {"modelResponses": answered_line("Hi", "Hello")["modelResponses"] * 2}],
            "exactly one entry",
        ),
        ("none", [{"prompt": "Hi"}], "exactly one entry"),
    ],
)
def test_a_dataset_that_breaks_a_rule_fails_the_job(jobs: Jobs, name: str, lines: list[Any], said: str) -> None:
    job = jobs.evaluate(f"dataset-{name}", lines, ["Builtin.Relevance"])
    assert (job["status"], said in job["failureMessages"][0]) == ("Failed", True), job["failureMessages"]


def test_a_dataset_that_is_not_there_and_a_bucket_that_is_not_there_fail_the_job(jobs: Jobs) -> None:
    request = jobs.evaluation_request("gone", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    jobs.s3.delete_object(Bucket="data", Key="judge/gone.jsonl")
    assert (
        "cannot be read"
        in jobs.wait_evaluation(jobs.bedrock.create_evaluation_job(**request)["jobArn"])["failureMessages"][0]
    )
    job = jobs.evaluate(
        "no-bucket",
        [answered_line("Hi", "Hello")],
        ["Builtin.Relevance"],
        outputDataConfig={"s3Uri": "s3://nowhere/judged/"},
    )
    assert "cannot be written" in job["failureMessages"][0]


def _changed(request: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the request with another value at a dotted path; None takes the member out."""
    copy: Any = json.loads(json.dumps(request))
    *way, last = path.split(".")
    node = copy
    for step in way:
        node = node[int(step)] if step.isdigit() else node[step]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return dict(copy)


_JUDGE = "evaluationConfig.automated.evaluatorModelConfig.bedrockEvaluatorModels.0.modelIdentifier"
_DATASET = "evaluationConfig.automated.datasetMetricConfigs"
_DEPLOYMENT = "arn:aws:bedrock:us-east-1:000000000000:custom-model-deployment/abcdefghijkl"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("jobName", "Upper", "'jobName' failed to satisfy constraint"),
        ("roleArn", "arn:aws:iam::000000000000:role/lambda-only", "trust policy must allow"),
        ("applicationType", "RagEvaluation", "evaluates models only"),
        (_JUDGE, "amazon.nova-lite-v9:0", "model identifier is invalid"),
        (_JUDGE, "amazon.titan-embed-text-v2:0", "doesn't support the model"),
        ("evaluationConfig.automated.evaluatorModelConfig", None, "is required for built-in metrics"),
        (f"{_DATASET}.0.taskType", "Generation", "has the taskType General"),
        (f"{_DATASET}.0.taskType", "Chat", "enum value set"),
        (f"{_DATASET}.0.metricNames", ["Builtin.Beauty"], "Unknown metrics ['Builtin.Beauty']"),
        (f"{_DATASET}.0.metricNames", ["mood"], "Unknown metrics ['mood']"),
        (f"{_DATASET}.0.dataset.datasetLocation", None, "Set datasetLocation.s3Uri"),
        (
            "inferenceConfig.models",
            [{"bedrockModel": {"modelIdentifier": "amazon.nova-pro-v1:0"}}],
            "precomputedInferenceSource",
        ),
        (
            "inferenceConfig.models",
            [{"bedrockModel": {"modelIdentifier": _DEPLOYMENT}}],
            "failed to satisfy constraint",
        ),
        (
            "inferenceConfig.models",
            [{"precomputedInferenceSource": {"inferenceSourceIdentifier": name}} for name in ("a", "b")],
            "one model a job",
        ),
    ],
)
def test_a_request_that_cannot_be_evaluated_is_refused(jobs: Jobs, path: str, value: Any, said: str) -> None:
    request = _changed(
        jobs.evaluation_request("refused", [answered_line("Hi", "Hello")], ["Builtin.Relevance"]), path, value
    )
    code, message = refused(jobs.bedrock.create_evaluation_job, **request)
    assert (code, said in message) == ("ValidationException", True), message


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("instructions", "Rate {{prediction}}", "must contain {{prompt}} and {{prediction}}"),
        (
            "ratingScale",
            [{"definition": "one two three four five six", "value": {"floatValue": 1.0}}],
            "more than 5 words",
        ),
        (
            "ratingScale",
            [
                {"definition": "good", "value": {"floatValue": 1.0}},
                {"definition": "good", "value": {"floatValue": 0.0}},
            ],
            "must be unique",
        ),
        (
            "ratingScale",
            [
                {"definition": "good", "value": {"floatValue": 1.0}},
                {"definition": "bad", "value": {"stringValue": "b"}},
            ],
            "all be numbers",
        ),
        ("name", "two words", "failed to satisfy constraint"),
    ],
)
def test_a_custom_metric_that_cannot_be_rated_is_refused(jobs: Jobs, path: str, value: Any, said: str) -> None:
    metric = _changed(rating_metric(), f"customMetricDefinition.{path}", value)
    request = with_custom(
        jobs.evaluation_request("refused", [answered_line("Hi", "Hello")], ["Builtin.Relevance"]), metric
    )
    code, message = refused(jobs.bedrock.create_evaluation_job, **request)
    assert (code, said in message) == ("ValidationException", True), message


def test_eleven_custom_metrics_are_too_many(jobs: Jobs) -> None:
    request = jobs.evaluation_request("eleven", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    code, message = refused(
        jobs.bedrock.create_evaluation_job,
        **with_custom(request, *(rating_metric(f"m{number}") for number in range(11))),
    )
    assert (code, "less than or equal to 10" in message) == ("ValidationException", True)


def test_token_and_name_make_one_job_and_lists_find_it(jobs: Jobs) -> None:
    request = jobs.evaluation_request(
        "once", [answered_line("Hi", "Hello")], ["Builtin.Relevance"], clientRequestToken="once-1"
    )
    arns = {jobs.bedrock.create_evaluation_job(**request)["jobArn"] for _ in range(2)}
    assert len(arns) == 1
    assert (
        refused(jobs.bedrock.create_evaluation_job, **(request | {"clientRequestToken": "once-2"}))[0]
        == "ConflictException"
    )
    [listed] = jobs.bedrock.list_evaluation_jobs(nameContains="once")["jobSummaries"]
    assert (listed["jobArn"], listed["evaluatorModelIdentifiers"], listed["evaluationTaskTypes"]) == (
        *arns,
        [JUDGE],
        ["General"],
    )
    assert listed["inferenceConfigSummary"]["modelConfigSummary"]["precomputedInferenceSourceIdentifiers"] == [
        "student"
    ]
    jobs.wait_evaluation(*arns)
    assert jobs.bedrock.list_evaluation_jobs(nameContains="once", statusEquals="InProgress")["jobSummaries"] == []
    called = [
        call
        for call in jobs.aws.control("GET", "calls")["calls"]
        if call["operation"] == "CreateEvaluationJob" and call["name"] == "once"
    ]
    assert [call["outcome"] for call in called] == ["ok", "ok", "ConflictException"]


def test_a_page_of_jobs_holds_five(jobs: Jobs) -> None:
    for number in range(6):
        jobs.bedrock.create_evaluation_job(
            **jobs.evaluation_request(f"six-{number}", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
        )
    pages = list(jobs.bedrock.get_paginator("list_evaluation_jobs").paginate(nameContains="six"))
    assert [len(page["jobSummaries"]) for page in pages] == [5, 1]


def test_a_running_job_can_be_stopped_and_an_ended_one_not(jobs: Jobs) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^stop-judging$", "seconds": 60})
    request = jobs.evaluation_request("stop-judging", [answered_line("Hi", "Hello")], ["Builtin.Relevance"])
    arn = jobs.bedrock.create_evaluation_job(**request)["jobArn"]
    assert jobs.bedrock.get_evaluation_job(jobIdentifier=arn)["status"] == "InProgress"
    jobs.bedrock.stop_evaluation_job(jobIdentifier=arn)
    assert jobs.wait_evaluation(arn)["status"] == "Stopped"
    assert refused(jobs.bedrock.stop_evaluation_job, jobIdentifier=arn)[0] == "ConflictException"
    unknown = "arn:aws:bedrock:us-east-1:000000000000:evaluation-job/abcdefghijkl"
    assert refused(jobs.bedrock.get_evaluation_job, jobIdentifier=unknown)[0] == "ResourceNotFoundException"
