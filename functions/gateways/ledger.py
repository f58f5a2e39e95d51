"""The ledger of paid work in DynamoDB: partition key `runId`, sort key `jobName`."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from boto3.dynamodb.conditions import Attr, Key

from distillation.records import LedgerRow
from gateways.aws_errors import passing_over

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table


class DynamoLedger:
    """Implements `distillation.bedrock.submission.Ledger`. Reads are consistent: a token that was written is seen."""

    def __init__(self, table: "Table") -> None:
        self._table = table

    def row(self, run_id: str, job_name: str) -> LedgerRow | None:
        """The row of a job, None where there is none."""
        item = self._table.get_item(Key={"runId": run_id, "jobName": job_name}, ConsistentRead=True).get("Item")
        return _row(item) if item else None

    def rows(self, run_id: str) -> list[LedgerRow]:
        """All rows of a run, by job name."""
        rows: list[LedgerRow] = []
        page: dict[str, Any] = {"KeyConditionExpression": Key("runId").eq(run_id), "ConsistentRead": True}
        while True:
            answer = self._table.query(**page)
            rows.extend(_row(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return rows
            page["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def open(self, row: LedgerRow) -> None:
        """Writes a new row; leaves one that exists as it is."""
        with passing_over({"ConditionalCheckFailedException"}):
            self._table.put_item(Item=_item(row), ConditionExpression="attribute_not_exists(jobName)")

    def take(self, row: LedgerRow, *, instead_of: str | None) -> str:
        """Writes a row where there is none, or in place of one whose `execution` is `instead_of`; gives the `execution`
        of the row that is there then: of several that come at once one has it.
        """
        if instead_of is None:
            self.open(row)
        else:
            with passing_over({"ConditionalCheckFailedException"}):
                self._table.put_item(Item=_item(row), ConditionExpression=Attr("execution").eq(instead_of))
        there = self.row(row.run_id, row.job_name)
        return str(there.execution) if there else ""

    def note(self, row: LedgerRow) -> None:
        """Writes a row, over one that exists."""
        self._table.put_item(Item=_item(row))

    def submitted(self, run_id: str, job_name: str, job_arn: str) -> None:
        """Notes the ARN."""
        self._update(run_id, job_name, state="SUBMITTED", jobArn=job_arn)

    def waiting(self, run_id: str, job_name: str, token: str) -> LedgerRow:
        """Notes who waits, and gives the row."""
        return self._update(run_id, job_name, token=token)

    def ended(
        self, run_id: str, job_name: str, *, status: str, outcome: str, message: str, model_arn: str | None = None
    ) -> None:
        """Notes how it ended, and the model that it made."""
        made = {"modelArn": model_arn} if model_arn else {}
        self._update(run_id, job_name, state="ENDED", status=status, outcome=outcome, message=message, **made)

    def spent(self, run_id: str, job_name: str, usd: float) -> None:
        """Notes what was spent, all in all."""
        self._update(run_id, job_name, spentUsd=Decimal(str(usd)))

    def _update(self, run_id: str, job_name: str, **fields: str | Decimal) -> LedgerRow:
        answer = self._table.update_item(
            Key={"runId": run_id, "jobName": job_name},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            ExpressionAttributeNames={f"#{name}": name for name in fields},
            ExpressionAttributeValues={f":{name}": value for name, value in fields.items()},
            ReturnValues="ALL_NEW",
        )
        return _row(answer["Attributes"])


def _item(row: LedgerRow) -> dict[str, Any]:
    """DynamoDB takes decimals, no floats."""
    fields: dict[str, Any] = msgspec.to_builtins(row)
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in fields.items()}


def _row(item: dict[str, Any]) -> LedgerRow:
    numbers = {name: _number(value) if isinstance(value, Decimal) else value for name, value in item.items()}
    return msgspec.convert(numbers, LedgerRow)


def _number(value: Decimal) -> int | float:
    return int(value) if value == int(value) else float(value)
