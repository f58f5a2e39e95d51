"""One whole run where every Lambda role is enforced and everything speaks TLS: the roles are enough."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from local import lifecycle
from tests.flow import LABELS, App, check_counts, jsonl, reviews, running_app


@pytest.fixture(scope="module")
def strict_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a local AWS that checks every signature and role."""
    home = Path(tmp_path_factory.mktemp("strict-aws"))
    try:
        yield running_app(home, tls=True)
    finally:
        lifecycle.down(home)


def test_a_whole_run_succeeds_with_the_roles_as_they_are(strict_app: App) -> None:
    strict_app.upload("seeds/strict/seeds.JSONL", jsonl(reviews(22)))
    started = strict_app.start("strict", {"dataset": "strict", "task": LABELS, "split": {"holdoutShare": 0.3}})
    run = strict_app.wait(started)
    assert run["status"] == "SUCCEEDED", run.get("cause")
    check_counts(strict_app.json("runs/strict/8-report/report.json")["counts"])


def test_the_enforcement_is_real_a_stranger_is_denied(strict_app: App) -> None:
    iam = strict_app.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    s3 = strict_app.client("s3")
    stranger = boto3.client(
        "s3", endpoint_url=s3.meta.endpoint_url, verify=strict_app._instance.ca_bundle, region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )  # fmt: skip
    with pytest.raises(ClientError, match="AccessDenied"):
        stranger.list_objects_v2(Bucket=strict_app.bucket)
