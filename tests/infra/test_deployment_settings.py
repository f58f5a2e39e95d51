"""The deployment's settings: defaults, every problem at once, and what follows from them."""

import json
from typing import Any

import pytest

from infra.log_retention import log_retention
from infra.packaging.wheels import ROOT
from infra.settings import LOG_RETENTION_DAYS, InvalidSettings, Settings, context_keys
from tests.infra.synthesis import run_app


def test_defaults_are_a_valid_deployment() -> None:
    assert Settings.from_context({}) == Settings()
    assert Settings().stack_name == "NovaDistill"


def test_the_command_line_gives_strings() -> None:
    settings = Settings.from_context(
        {"triggerQuietSeconds": "2", "pythonVersion": "3.11", "logRetentionDays": "14", "architecture": "x86_64"}
    )
    assert (
        settings.trigger_quiet_seconds,
        settings.python_version,
        settings.log_retention_days,
        settings.wheels_for,
    ) == (
        2,
        "3.11",
        14,
        "x86_64-manylinux_2_28",
    )


def test_an_empty_value_means_the_default() -> None:
    assert Settings.from_context({"notificationEmail": "", "teacherInferenceProfile": None}) == Settings()


def test_keys_of_the_cdk_pass_by() -> None:
    assert (
        Settings.from_context(
            {"@aws-cdk/core:checkSecretUsage": True, "aws:cdk:bundling-stacks": ["*"], "aws-cdk:enableDiffNoFail": True}
        )
        == Settings()
    )


def test_every_problem_is_told_at_once() -> None:
    wrong: dict[str, Any] = {
        "appName": "Much_Too_Long_A_Name",
        "region": "eu-west-1",
        "architecture": "riscv",
        "pythonVersion": 3.1,
        "triggerQuietSeconds": "soon",
        "awaitHeartbeatSeconds": 0,
        "notificationEmail": "nobody",
        "logRetentionDays": 8,
        "triggerQuietSecond": 2,
    }
    with pytest.raises(InvalidSettings) as told:
        Settings.from_context(wrong)
    assert {problem.split(":")[0] for problem in told.value.problems} == set(wrong)
    for key in wrong:
        assert f"- {key}: " in str(told.value)


def test_another_region_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidSettings, match="Nova Micro can be fine-tuned only in us-east-1") as told:
        Settings.from_context({"region": "eu-west-1"})
    assert "found 'eu-west-1'" in str(told.value)


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("awaitHeartbeat", "did you mean awaitHeartbeatSeconds?"),
        ("colour", "the settings are appName, account, region"),
    ],
)
def test_an_unknown_key_is_an_error_with_advice(typed: str, advice: str) -> None:
    with pytest.raises(InvalidSettings) as told:
        Settings.from_context({typed: "5"})
    assert f"{typed}: there is no such setting; {advice}" in str(told.value)


def test_the_teacher_answers_to_its_bare_id_where_it_can() -> None:
    assert (Settings().teacher_profile, Settings().teacher_invoke_id) == (None, "amazon.nova-pro-v1:0")


def test_a_teacher_without_on_demand_throughput_is_reached_through_its_profile() -> None:
    lite = Settings.from_context({"teacherModelId": "amazon.nova-2-lite-v1:0"})
    assert lite.teacher_profile == lite.teacher_invoke_id == "us.amazon.nova-2-lite-v1:0"


def test_a_teacher_whose_life_ended_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="teacherModelId: the model's life ended on 2026-09-14"):
        Settings.from_context({"teacherModelId": "amazon.nova-premier-v1:0"})


@pytest.mark.parametrize("key", ["judgeModelId", "embeddingModelId"])
def test_a_profile_that_the_roles_are_not_granted_is_refused_in_a_sentence(key: str) -> None:
    model = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
    with pytest.raises(InvalidSettings, match=f"{key}: inference profiles that begin with global[.] are not granted"):
        Settings.from_context({key: model})
    assert Settings.from_context({"judgeModelId": "us" + model.removeprefix("global")})


def test_the_profile_can_be_chosen_and_must_be_the_teachers() -> None:
    assert (
        Settings.from_context({"teacherInferenceProfile": "us.amazon.nova-pro-v1:0"}).teacher_invoke_id
        == "us.amazon.nova-pro-v1:0"
    )
    with pytest.raises(InvalidSettings, match=r"the teacher's profile is us\.amazon\.nova-pro-v1:0"):
        Settings.from_context({"teacherInferenceProfile": "eu.amazon.nova-pro-v1:0"})


def test_the_untuned_student_is_the_tuned_id_without_its_context_window() -> None:
    assert Settings().student_invoke_id == "amazon.nova-micro-v1:0"


def test_each_machine_has_its_wheels() -> None:
    assert Settings().wheels_for == "aarch64-manylinux_2_28"
    assert Settings.from_context({"wheelPlatform": "aarch64-apple-darwin"}).wheels_for == "aarch64-apple-darwin"


def test_every_retention_has_the_cdks_name() -> None:
    assert [log_retention(days).name for days in (1, 30, 90, 365, 3653)] == [
        "ONE_DAY",
        "ONE_MONTH",
        "THREE_MONTHS",
        "ONE_YEAR",
        "TEN_YEARS",
    ]
    assert len({log_retention(days) for days in LOG_RETENTION_DAYS}) == len(LOG_RETENTION_DAYS)


def test_cdk_json_holds_valid_settings() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert Settings.from_context(context) == Settings()
    assert not context.keys() & set(context_keys()), "defaults live in infra/settings.py"


def test_the_app_refuses_another_region_in_words_and_not_in_a_stack_trace(tmp_path: Any) -> None:
    done = run_app(tmp_path, region="eu-central-1", logRetentionDay=3)
    assert done.returncode == 1
    assert "2 problem(s)" in done.stderr
    assert "fine-tuned only in us-east-1" in done.stderr
    assert "did you mean logRetentionDays?" in done.stderr
    assert "Traceback" not in done.stderr
