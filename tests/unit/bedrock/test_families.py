"""Which models are relatives."""

import pytest

from distillation.bedrock.families import (
    family_of,
    self_preference_warning,
    takes_flex,
    takes_top_p_beside_temperature,
)


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("amazon.nova-pro-v1:0", "amazon.nova"),
        ("us.amazon.nova-premier-v1:0", "amazon.nova"),
        ("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k", "amazon.nova"),
        (
            "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            "anthropic.claude",
        ),
        ("mistral.mistral-large-2402-v1:0", "mistral.mistral"),
        ("amazon.titan-text-express-v1", "amazon.titan"),
        ("minimax.minimax-m2.1", "minimax.minimax"),
    ],
)
def test_a_model_has_one_family_under_all_its_names(model: str, family: str) -> None:
    assert family_of(model) == family


def test_a_relative_is_warned_of_and_a_stranger_not() -> None:
    warning = self_preference_warning("us.amazon.nova-premier-v1:0", "amazon.nova-pro-v1:0")
    assert warning is not None
    assert "amazon.nova" in warning and "judgeModelId" in warning
    assert self_preference_warning("mistral.mistral-large-2402-v1:0", "amazon.nova-pro-v1:0") is None


@pytest.mark.parametrize(
    ("model", "flex"),
    [
        ("amazon.nova-pro-v1:0", True),
        ("us.amazon.nova-2-lite-v1:0", True),
        ("amazon.nova-lite-v1:0", False),
        ("amazon.nova-micro-v1:0", False),
        ("mistral.mistral-large-2402-v1:0", False),
        ("arn:aws:bedrock:us-east-1:1:custom-model-deployment/abc", False),
    ],
)
def test_only_the_models_that_aws_lists_are_asked_on_the_flex_tier(model: str, flex: bool) -> None:
    assert takes_flex(model) is flex


def test_claude_takes_one_sampling_field_under_all_its_names() -> None:
    claude = "anthropic.claude-haiku-4-5-20251001-v1:0"
    assert not any(map(takes_top_p_beside_temperature, (claude, f"us.{claude}", f"global.{claude}")))
    assert takes_top_p_beside_temperature("us.amazon.nova-pro-v1:0")
