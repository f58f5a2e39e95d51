"""SSM parameters: what a dataset's users read to find the student that serves them."""

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


class Parameters:
    """Writes the student's parameter."""

    def __init__(self, client: "SSMClient") -> None:
        self._client = client

    def put(self, name: str, value: dict[str, object]) -> None:
        """Writes a parameter as JSON, over an older one."""
        self._client.put_parameter(Name=name, Value=json.dumps(value), Type="String", Overwrite=True)
