"""What the catalogue says of a model: usable, about to end, ended, or not to be had."""

import boto3
import pytest
from botocore.stub import Stubber

from gateways.bedrock.model_catalogue import ModelCatalogue, ModelLook


def catalogue_that_says(status: str | None, code: str = "") -> ModelCatalogue:
    client = boto3.client("bedrock", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    stub = Stubber(client)
    if code:
        stub.add_client_error("get_foundation_model", code, "no access")
    else:
        lifecycle = {"modelLifecycle": {"status": status}} if status else {}
        details = {"modelArn": "arn:aws:bedrock:us-east-1::foundation-model/x", "modelId": "x", **lifecycle}
        stub.add_response("get_foundation_model", {"modelDetails": details}, {"modelIdentifier": "x"})
    stub.activate()
    return ModelCatalogue(client)


@pytest.mark.parametrize(
    ("status", "look"), [("ACTIVE", ModelLook()), (None, ModelLook()), ("LEGACY", ModelLook(legacy=True))]
)
def test_a_model_can_be_used_until_its_end(status: str | None, look: ModelLook) -> None:
    assert catalogue_that_says(status).look("x") == look


def test_a_model_that_this_account_has_no_access_to_is_a_problem_with_advice() -> None:
    look = catalogue_that_says(None, code="AccessDeniedException").look("x")
    assert look.problem is not None and "no access; ask for access to it in the Bedrock console" in look.problem
