"""What an account may have at once: AWS Service Quotas."""

from typing import Any


class Quotas:
    """Reads the applied values."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def of(self, service: str) -> dict[str, float]:
        """Code (`L-...`) -> value of each quota of a service (`bedrock`). Applied before default."""
        found: dict[str, float] = {}
        for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
            for page in self._client.get_paginator(operation).paginate(ServiceCode=service):
                found |= {quota["QuotaCode"]: quota["Value"] for quota in page["Quotas"] if "Value" in quota}
        return found
