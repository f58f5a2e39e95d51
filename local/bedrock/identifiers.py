"""ARNs and the 12-character ids in them."""

import hashlib

ACCOUNT = "000000000000"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_id(*parts: str) -> str:
    """12 characters of [a-z0-9], a function of `parts`: the same local run gives the same ids."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big")
    return "".join(_DIGITS[number // 36**place % 36] for place in range(12))


def arn(region: str, resource: str, account: str = ACCOUNT) -> str:
    """A Bedrock ARN; `resource` as in `model-invocation-job/abc`."""
    return f"arn:aws:bedrock:{region}:{account}:{resource}"


def foundation_model_arn(region: str, model_id: str) -> str:
    """The ARN of a foundation model, which belongs to no account."""
    return arn(region, f"foundation-model/{model_id}", account="")


def last_part(identifier: str) -> str:
    """The part of an ARN after its last slash; a bare id as it is."""
    return identifier.rsplit("/", 1)[-1]
