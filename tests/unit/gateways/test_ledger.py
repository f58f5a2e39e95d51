"""The ledger over DynamoDB's own types: it takes decimals, no floats, and gives decimals back."""

from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from distillation.bedrock.submission import OPEN, RUN
from distillation.records import LedgerRow
from gateways.ledger import DynamoLedger


class Table:
    """One item, kept as DynamoDB keeps it."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def put_item(self, Item: dict[str, Any], **_: object) -> None:  # noqa: N803
        self.item = {name: TypeSerializer().serialize(value) for name, value in Item.items()}

    def get_item(self, **_: object) -> dict[str, Any]:
        return {"Item": {name: TypeDeserializer().deserialize(value) for name, value in self.item.items()}}

    def update_item(self, *, ExpressionAttributeValues: dict[str, Any], **_: object) -> dict[str, Any]:  # noqa: N803
        changed = {name[1:]: TypeSerializer().serialize(value) for name, value in ExpressionAttributeValues.items()}
        self.item |= changed
        return {"Attributes": self.get_item()["Item"]}


def test_a_row_with_us_dollars_comes_back_as_it_went() -> None:
    ledger = DynamoLedger(Table())  # type: ignore[arg-type]
    row = LedgerRow(
        run_id="run-1", job_name=RUN, kind=RUN, state=OPEN, expires_at=7, spent_usd=0.1 + 0.2, reserved_usd=2
    )
    ledger.note(row)
    assert ledger.row("run-1", RUN) == row
    ledger.spent("run-1", RUN, 1.25)
    found = ledger.row("run-1", RUN)
    assert found is not None
    assert (found.spent_usd, found.expires_at, found.records) == (1.25, 7, 0)
