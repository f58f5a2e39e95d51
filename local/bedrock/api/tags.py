"""Tags of jobs, models and deployments."""

from typing import Any

from local.bedrock.api.api_errors import ApiError

MAX_TAGS = 50


class Tags:
    """Tags by ARN."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def add(self, arn: str, tags: list[dict[str, str]]) -> dict[str, Any]:
        """Set tags on a resource. Raises TooManyTagsException above 50."""
        merged = self._tags.get(arn, {}) | {tag["key"]: tag["value"] for tag in tags}
        check_count(len(merged))
        self._tags[arn] = merged
        return {}

    def remove(self, arn: str, keys: list[str]) -> dict[str, Any]:
        """Take tags off a resource."""
        self._tags[arn] = {key: value for key, value in self._tags.get(arn, {}).items() if key not in keys}
        return {}

    def listing(self, arn: str) -> dict[str, Any]:
        """The output of ListTagsForResource."""
        return {"tags": [{"key": key, "value": value} for key, value in self._tags.get(arn, {}).items()]}


def check_count(count: int) -> None:
    """Raise TooManyTagsException above 50."""
    if count > MAX_TAGS:
        raise ApiError("TooManyTagsException", f"A resource can have {MAX_TAGS} tags, got {count}.")
