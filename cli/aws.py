"""The command line's only door to AWS.

boto3 finds credentials and endpoints by itself, so the same code speaks to AWS and to a local one.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import msgspec
from boto3.dynamodb.conditions import Key
from boto3.exceptions import S3UploadFailedError
from botocore.config import Config
from botocore.exceptions import ClientError

from application.services import Services
from cli.errors import CommandError
from cli.files.stored import StackOutputs, StoredFile
from cli.runs.observed import Execution, HistoryEvent, JobProgress, history_event, json_object
from distillation.bedrock.job_status import JobKind
from distillation.records import LedgerRow
from settings import Settings

if TYPE_CHECKING:
    from types_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, ExecutionListItemTypeDef

DEFAULT_REGION = "us-east-1"
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=60, max_pool_connections=16
)
_HISTORY_PAGE = 200


def connect(stack: str, region: str | None, profile: str | None = None) -> "Cloud":
    """Clients in the Region given, or the profile's, or us-east-1 (the only one where Nova Micro can be fine-tuned),
    and the stack's outputs.

    Raises CommandError when the stack is not there or has not all outputs; credentials and network problems come as
    botocore's errors.
    """
    session = boto3.Session(region_name=region, profile_name=profile)
    if session.region_name is None:
        session = boto3.Session(region_name=DEFAULT_REGION, profile_name=profile)
    return Cloud(session, _stack_outputs(session, stack))


def _stack_outputs(session: boto3.Session, stack: str) -> StackOutputs:
    client = session.client("cloudformation", config=_CONFIG)
    try:
        described = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        described = []
    if not described:
        raise CommandError(
            f"There is no stack {stack} in {session.region_name}.",
            "Deploy it (`npx cdk deploy`), or name another with --stack, --region or --profile.",
        )
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described[0].get("Outputs", [])}
    return StackOutputs.from_outputs(stack, outputs)


def application(cloud: "Cloud", profile: str | None = None) -> Services:
    """The application's own gateways, with the person's credentials: for what the command line does as the machine does
    it.
    """
    boto3.setup_default_session(region_name=cloud.region, profile_name=profile)
    outputs = cloud.outputs
    return Services(
        Settings(outputs.bucket, outputs.ledger, outputs.app, "", "", "", "", "", "", outputs.state_machine)
    )


class Cloud:
    """The deployed app of one account and Region.

    Every method is one question or one action; none retries beyond botocore's own retries.
    """

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        self.outputs, self.region = outputs, str(session.region_name)
        self._states = session.client("stepfunctions", config=_CONFIG)
        self._s3 = session.client("s3", config=_CONFIG)
        self._bedrock = session.client("bedrock", config=_CONFIG)
        self._table = session.resource("dynamodb", config=_CONFIG).Table(outputs.ledger)

    @property
    def on_aws(self) -> bool:
        """False where boto3 was pointed at another endpoint, for which there is no console."""
        return "amazonaws.com" in self._states.meta.endpoint_url

    # Executions

    def start(self, name: str, execution_input: Mapping[str, Any]) -> str:
        """Starts an execution; its ARN. Raises CommandError when an execution has that name already."""
        try:
            return self._states.start_execution(
                stateMachineArn=self.outputs.state_machine, name=name, input=json.dumps(execution_input)
            )["executionArn"]
        except self._states.exceptions.ExecutionAlreadyExists:
            raise CommandError(
                f"An execution named {name} exists already.", "Wait a second and start again, or give another --run-id."
            ) from None

    def latest(self, limit: int) -> list[Execution]:
        """The newest executions, newest first, without their input and output (`describe` has them)."""
        pages = self._states.get_paginator("list_executions").paginate(
            stateMachineArn=self.outputs.state_machine, PaginationConfig={"PageSize": min(limit, 1000)}
        )
        listed = islice((item for page in pages for item in page["executions"]), limit)
        return sorted((_listed(item) for item in listed), key=lambda execution: execution.started, reverse=True)

    def describe(self, arn: str) -> Execution:
        """One execution, whole. Raises CommandError when there is none."""
        try:
            return _described(self._states.describe_execution(executionArn=arn))
        except (self._states.exceptions.ExecutionDoesNotExist, self._states.exceptions.InvalidArn):
            raise CommandError(f"There is no execution {arn}.", "`python -m cli runs` lists the newest ones.") from None

    def events_after(self, arn: str, last_id: int) -> list[HistoryEvent]:
        """What has happened since event `last_id`, oldest first.

        Read from the newest backwards: only that way new events cost one call.
        """
        pages = self._states.get_paginator("get_execution_history").paginate(
            executionArn=arn,
            reverseOrder=True,
            includeExecutionData=True,
            PaginationConfig={"PageSize": _HISTORY_PAGE if last_id else 1000},
        )
        newest_first = (history_event(raw) for page in pages for raw in page["events"])
        return list(takewhile(lambda event: event.id > last_id, newest_first))[::-1]

    # Paid work

    def ledger(self, run_id: str) -> list[LedgerRow]:
        """The rows of a run, by job name. Attributes that a row has not got yet take their defaults."""
        query: dict[str, Any] = {"KeyConditionExpression": Key("runId").eq(run_id)}
        rows: list[LedgerRow] = []
        while True:
            answer = self._table.query(**query)
            rows += [_ledger_row(item) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return rows
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def job_progress(self, row: LedgerRow) -> JobProgress:
        """What Bedrock says about the row's job.

        What the ledger says of a job that is gone, or that these credentials may not look at.
        """
        looks: dict[str, Callable[[str], JobProgress]] = {
            JobKind.BATCH: self._batch,
            JobKind.TUNING: self._tuning,
            JobKind.DEPLOYMENT: self._deployment,
            JobKind.EVALUATION: self._evaluation,
            JobKind.PROMOTION: self._promotion,
        }
        try:
            return looks[row.kind](row.job_arn or "")
        except (self._bedrock.exceptions.ResourceNotFoundException, self._bedrock.exceptions.AccessDeniedException):
            return JobProgress(status=row.status or row.state, message=row.message or "")

    def _batch(self, arn: str) -> JobProgress:
        job: Mapping[str, Any] = self._bedrock.get_model_invocation_job(jobIdentifier=arn)
        return JobProgress(
            status=job["status"],
            processed=job.get("processedRecordCount", 0),
            total=job.get("totalRecordCount", 0),
            failed=job.get("errorRecordCount", 0),
            message=job.get("message", ""),
            created=job.get("submitTime"),
        )

    def _tuning(self, arn: str) -> JobProgress:
        job: Mapping[str, Any] = self._bedrock.get_model_customization_job(jobIdentifier=arn)
        loss = job.get("trainingMetrics", {}).get("trainingLoss")
        return JobProgress(
            status=job["status"], message=job.get("failureMessage", ""), created=job.get("creationTime"), loss=loss
        )

    def _deployment(self, arn: str) -> JobProgress:
        job: Mapping[str, Any] = self._bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)
        return JobProgress(status=job["status"], message=job.get("failureMessage", ""), created=job.get("createdAt"))

    def _evaluation(self, arn: str) -> JobProgress:
        job: Mapping[str, Any] = self._bedrock.get_evaluation_job(jobIdentifier=arn)
        return JobProgress(
            status=job["status"], message="; ".join(job.get("failureMessages", ())), created=job.get("creationTime")
        )

    def _promotion(self, arn: str) -> JobProgress:
        """The stable deployment, which stays Active while it is moved to another model."""
        job: Mapping[str, Any] = self._bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)
        status = (
            job.get("updateDetails", {}).get("updateStatus", job["status"])
            if job["status"] == "Active"
            else job["status"]
        )
        return JobProgress(status=status, message=job.get("failureMessage", ""), created=job.get("createdAt"))

    # Files

    def files(self, prefix: str) -> Iterator[StoredFile]:
        """Every object below a prefix, in the order of the keys."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.outputs.bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                yield StoredFile(item["Key"], item["Size"])

    def keys(self, prefix: str) -> list[str]:
        """The keys below a prefix."""
        return [file.key for file in self.files(prefix)]

    def read(self, key: str) -> bytes | None:
        """A small object as a whole; None where there is none."""
        try:
            return self._s3.get_object(Bucket=self.outputs.bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None

    def upload(self, path: Path, key: str, sent: Callable[[int], None]) -> None:
        """Uploads a file; `sent` hears of every part's bytes."""
        try:
            self._s3.upload_file(str(path), self.outputs.bucket, key, Callback=sent)
        except S3UploadFailedError as error:
            raise CommandError(f"{error}.", "The credentials must be able to write to seeds/ of the bucket.") from None

    def download(self, key: str, path: Path, received: Callable[[int], None]) -> None:
        """Downloads an object; `received` hears of every part's bytes."""
        self._s3.download_file(self.outputs.bucket, key, str(path), Callback=received)


def _listed(item: "ExecutionListItemTypeDef") -> Execution:
    return Execution(
        arn=item["executionArn"],
        name=item["name"],
        status=item["status"],
        started=item["startDate"],
        stopped=_moment(item.get("stopDate")),
    )


def _described(answer: "DescribeExecutionOutputTypeDef") -> Execution:
    return Execution(
        arn=answer["executionArn"],
        name=answer.get("name", answer["executionArn"].rsplit(":", 1)[-1]),
        status=answer["status"],
        started=answer["startDate"],
        stopped=_moment(answer.get("stopDate")),
        input=json_object(answer.get("input")),
        output=json_object(answer.get("output")),
        error=answer.get("error", ""),
        cause=answer.get("cause", ""),
    )


def _moment(value: datetime | None) -> datetime | None:
    return value if isinstance(value, datetime) else None


def _ledger_row(item: Mapping[str, Any]) -> LedgerRow:
    plain = {name: int(value) if isinstance(value, Decimal) else value for name, value in item.items()}
    return msgspec.convert({"kind": "", "state": ""} | plain, LedgerRow)
