"""Starting runs."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gateways.aws_errors import code_of

if TYPE_CHECKING:
    from types_boto3_stepfunctions import SFNClient


class Executions:
    """The distillation state machine."""

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, name: str, execution_input: dict[str, object]) -> bool:
        """Starts a run; False where an execution of that name exists, so that a doubled event starts nothing twice."""
        try:
            self._client.start_execution(stateMachineArn=self._arn, name=name, input=json.dumps(execution_input))
        except ClientError as error:
            if code_of(error) == "ExecutionAlreadyExists":
                return False
            raise
        return True
