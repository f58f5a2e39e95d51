"""The rest of AWS, as the local Bedrock sees it: S3 for data, EventBridge for events, IAM for roles, all at the
emulator's endpoint.
"""

import logging
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from urllib.parse import urlparse

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.bedrock.api.api_errors import invalid

_log = logging.getLogger(__name__)
SERVICE_PRINCIPAL = "bedrock.amazonaws.com"


class StorageError(Exception):
    """An S3 object cannot be read or written; the message becomes the job's."""


class StoredObject(NamedTuple):
    """An object below a prefix. `name` is its key relative to the prefix's folder, `size` in bytes."""

    bucket: str
    key: str
    name: str
    size: int


class Storage:
    """Reads and writes S3 objects by URI."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def listing(self, uri: str) -> list[StoredObject]:
        """The object at `uri`, or, where there is none, every object below it, in the order of their keys.

        Raises StorageError.
        """
        bucket, key = split_uri(uri)
        try:
            size = (
                self._client.head_object(Bucket=bucket, Key=key)["ContentLength"]
                if key and not key.endswith("/")
                else None
            )
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise StorageError(f"Access to {uri} was refused: {error}. Check the role and the URI.") from error
            size = None
        if size is not None:
            return [StoredObject(bucket, key, key.rsplit("/", 1)[-1], size)]
        return list(self._below(bucket, f"{key.rstrip('/')}/" if key else ""))

    def _below(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield StoredObject(bucket, item["Key"], item["Key"].removeprefix(prefix), item["Size"])
        except ClientError as error:
            raise StorageError(
                f"s3://{bucket}/{prefix} cannot be listed: {error}. Check the bucket, the prefix and the role."
            ) from error

    def read(self, uri: str) -> bytes:
        """The object's bytes. Raises StorageError."""
        bucket, key = split_uri(uri)
        try:
            return bytes(self._client.get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            raise StorageError(f"{uri} cannot be read: {error}. Check the URI and the role.") from error

    def write(self, uri: str, data: str) -> None:
        """Put a UTF-8 text object. Raises StorageError."""
        bucket, key = split_uri(uri)
        try:
            self._client.put_object(Bucket=bucket, Key=key, Body=data.encode())
        except ClientError as error:
            raise StorageError(f"{uri} cannot be written: {error}. Check the bucket and the role.") from error


class Roles:
    """Checks that Bedrock may assume a role."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def check(self, role_arn: str, actions: Iterable[str]) -> None:
        """Raise ValidationException where Bedrock cannot assume the role, or where its policies can be read and allow
        one of `actions` nowhere.
        """
        problem = self._problem(role_arn) or self._lack(role_arn, actions)
        if problem:
            raise invalid(problem)

    def _problem(self, role_arn: str) -> str | None:
        name = role_arn.rsplit("/", 1)[-1]
        try:
            role = self._client.get_role(RoleName=name)["Role"]
        except ClientError:
            return (
                f"Could not assume the provided role {role_arn}: there is no role of that name. Create it, or "
                "correct roleArn."
            )
        if not _trusts_bedrock(role["AssumeRolePolicyDocument"]):
            return (
                f"Could not assume the provided role {role_arn}: its trust policy must allow sts:AssumeRole for "
                f"{SERVICE_PRINCIPAL}."
            )
        return None

    def _lack(self, role_arn: str, actions: Iterable[str]) -> str | None:
        name = role_arn.rsplit("/", 1)[-1]
        policies = [
            self._client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in self._client.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        allowed = [action for policy in policies for action in _allowed(policy)]
        lacking = [
            action for action in actions if allowed and not any(fnmatchcase(action, pattern) for pattern in allowed)
        ]
        return (
            f"The provided role {role_arn} does not have the required permissions: {', '.join(lacking)}."
            if lacking
            else None
        )


class EventBus:
    """Puts events of the source aws.bedrock on the default bus."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def put(self, detail_type: str, resource: str, detail: str) -> None:
        """Best effort, as Bedrock's own events are: a failure is logged and forgotten."""
        entry = {"Source": "aws.bedrock", "DetailType": detail_type, "Resources": [resource], "Detail": detail}
        try:
            answer = self._client.put_events(Entries=[entry])
        except Exception:
            _log.exception("The event of %s was not delivered.", resource)
            return
        if answer.get("FailedEntryCount"):
            _log.error("The event of %s was refused: %s", resource, answer["Entries"])


class Aws(NamedTuple):
    """The three clients."""

    storage: Storage
    roles: Roles
    events: EventBus


def connect(emulator_url: str, region: str) -> Aws:
    """Clients of the emulator at `emulator_url`.

    Credentials come from the environment's two variables; any pair will do.
    """
    config = Config(
        s3={"addressing_style": "path"},
        retries={"max_attempts": 3},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=20,
        proxies={},
    )
    session = boto3.Session(
        # Never the caller's profile or instance role: they mean another account.
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        region_name=region,
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=emulator_url, config=config)  # type: ignore[call-overload]

    return Aws(Storage(client("s3")), Roles(client("iam")), EventBus(client("events")))


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI."""
    parts = urlparse(uri)
    return parts.netloc, parts.path.lstrip("/")


def _allowed(policy: dict[str, Any]) -> Iterator[str]:
    for statement in _listed(policy.get("Statement", [])):
        if statement.get("Effect") == "Allow":
            yield from _listed(statement.get("Action", []))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _trusts_bedrock(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    return any(
        _allows_bedrock(statement) for statement in (statements if isinstance(statements, list) else [statements])
    )


def _allows_bedrock(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    actions = statement.get("Action", [])
    return (
        statement.get("Effect") == "Allow"
        and SERVICE_PRINCIPAL in ([services] if isinstance(services, str) else services)
        and "sts:AssumeRole" in ([actions] if isinstance(actions, str) else actions)
    )
