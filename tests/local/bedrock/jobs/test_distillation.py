"""Managed distillation: the teacher answers the prompts that have no answer, the student learns them; the rules of its
data.
"""

from typing import Any

import pytest

from tests.local.bedrock.aws import Jobs, ask, refused
from tests.local.bedrock.samples import REVIEWS, SYSTEM, training_line, unanswered_line

TEACHER = {"teacherModelIdentifier": "amazon.nova-pro-v1:0", "maxResponseLengthForInference": 100}
CHANGES = {
    "customizationType": "DISTILLATION",
    "hyperParameters": {},
    "customizationConfig": {"distillationConfig": {"teacherModelConfig": TEACHER}},
}
# A hundred prompts over ten texts: the teacher remembers what it decoded, so the test is quick.
PROMPTS = [unanswered_line(REVIEWS[number % 10][0]) for number in range(100)]


def test_the_teacher_answers_the_prompts_and_the_student_learns_its_answers(jobs: Jobs) -> None:
    job = jobs.tune("distilled", PROMPTS, **CHANGES)
    assert (job["status"], job["customizationType"], job["customizationConfig"]) == (
        "Completed",
        "DISTILLATION",
        CHANGES["customizationConfig"],
    )
    assert (
        jobs.bedrock.list_model_customization_jobs(nameContains="distilled")["modelCustomizationJobSummaries"][0][
            "customizationType"
        ]
        == "DISTILLATION"
    )
    model = jobs.bedrock.get_custom_model(modelIdentifier=job["outputModelArn"])
    assert (model["customizationType"], model["customizationConfig"]) == (
        "DISTILLATION",
        CHANGES["customizationConfig"],
    )
    arn = jobs.deploy("distilled", job["outputModelArn"])["customModelDeploymentArn"]
    runtime = jobs.aws.client("bedrock-runtime")
    taught = [ask(runtime, "amazon.nova-pro-v1:0", text) for text, _ in REVIEWS]
    assert [ask(runtime, arn, text) for text, _ in REVIEWS] == taught
    assert set(taught) == {"positive", "negative"}


def test_prompts_with_an_answer_keep_it(jobs: Jobs) -> None:
    """Answers that the teacher would never give: only the file can have brought them."""
    lines = [
        training_line(REVIEWS[number % 10][0], "zag" if REVIEWS[number % 10][1] == "negative" else "zig", SYSTEM)
        for number in range(100)
    ]
    arn = jobs.deploy("kept", jobs.tune("kept", lines, **CHANGES)["outputModelArn"])["customModelDeploymentArn"]
    assert ask(jobs.aws.client("bedrock-runtime"), arn, REVIEWS[0][0], "Which?") == "zig"


def test_answers_that_the_response_length_cuts_are_left_out(jobs: Jobs) -> None:
    """A length of one token leaves no free answer whole, and so nothing to train on."""
    config = {"distillationConfig": {"teacherModelConfig": TEACHER | {"maxResponseLengthForInference": 1}}}
    lines = [unanswered_line("Tell me a story.", "You are a storyteller.")] * 100
    job = jobs.tune("cut-answers", lines, **(CHANGES | {"customizationConfig": config}))
    assert (job["status"], "0 samples, less than the required minimum" in job["failureMessage"]) == ("Failed", True)


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        (
            "system",
            {**unanswered_line("x"), "system": [{"text": "a"}, {"text": "b"}]},
            "system must hold at most one text",
        ),
        (
            "three",
            {
                **unanswered_line("x"),
                "messages": training_line("x", "y")["messages"] + unanswered_line("z")["messages"],
            },
            "at most one assistant message",
        ),
        (
            "assistant",
            {**unanswered_line("x"), "messages": training_line("x", "y")["messages"][1:]},
            "messages must hold a user message",
        ),
        ("reserved", unanswered_line("He said: Bot: hello"), "reserved keyword 'Bot:'"),
        ("schema", {**unanswered_line("x"), "schemaVersion": "v1"}, "schemaVersion must be"),
    ],
)
def test_a_line_that_breaks_a_rule_fails_the_job(jobs: Jobs, name: str, line: Any, said: str) -> None:
    job = jobs.tune(f"prompts-{name}", [*PROMPTS, line], **CHANGES)
    assert (job["status"], said in job["failureMessage"], "line 101" in job["failureMessage"]) == (
        "Failed",
        True,
        True,
    ), job["failureMessage"]


@pytest.mark.parametrize("count", [99, 15_001])
def test_prompts_are_a_hundred_to_fifteen_thousand(jobs: Jobs, count: int) -> None:
    job = jobs.tune(f"prompts-{count}", [PROMPTS[0]] * count, **CHANGES)
    assert f"{count} prompts; distillation takes 100 to 15000" in job["failureMessage"]


@pytest.mark.parametrize(
    ("teacher", "said"),
    [
        ({"teacherModelIdentifier": "amazon.nova-micro-v1:0"}, "cannot distil into"),
        ({"teacherModelIdentifier": "amazon.nova-none-v1:0"}, "model identifier is invalid"),
        ({**TEACHER, "maxResponseLengthForInference": 0}, "between 1 and 5000"),
    ],
)
def test_a_teacher_that_cannot_teach_is_refused(jobs: Jobs, teacher: dict[str, Any], said: str) -> None:
    request = jobs.tuning_request("teacher", PROMPTS, **CHANGES) | {
        "customizationConfig": {"distillationConfig": {"teacherModelConfig": teacher}}
    }
    code, message = refused(jobs.bedrock.create_model_customization_job, **request)
    assert (code, said in message) == ("ValidationException", True), message


def test_a_running_distillation_can_be_stopped(jobs: Jobs) -> None:
    jobs.aws.control("POST", "faults", {"fault": "slowJob", "jobName": "^stop-distilling$", "seconds": 60})
    arn = jobs.bedrock.create_model_customization_job(**jobs.tuning_request("stop-distilling", PROMPTS, **CHANGES))[
        "jobArn"
    ]
    jobs.bedrock.stop_model_customization_job(jobIdentifier=arn)
    assert jobs.wait_tuning(arn)["status"] == "Stopped"
