"""SSM parameters: what a dataset's users read to find the student that serves them."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from gateways.aws_errors import code_of

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


class Parameters:
    """Reads and writes the student's parameter."""

    def __init__(self, client: "SSMClient") -> None:
        self._client = client

    def get(self, name: str) -> str | None:
        """The parameter's text, None where there is no such parameter."""
        try:
            return self._client.get_parameter(Name=name)["Parameter"]["Value"]
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise

    def put(self, name: str, text: str) -> None:
        """Writes a parameter, over an older one. `text`: at most 4 KB."""
        self._client.put_parameter(Name=name, Value=text, Type="String", Overwrite=True)
