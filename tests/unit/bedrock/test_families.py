"""Which models are relatives."""

import pytest

from distillation.bedrock.families import family_of, self_preference_warning


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
