"""Errors in AWS's rest-json form. A handler raises one, the server turns it into a response."""

# HTTP status of each error code, as the `bedrock` and `bedrock-runtime` service models have them.
STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 400,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 400,
    "ServiceUnavailableException": 503,
    "ThrottlingException": 429,
    "TooManyTagsException": 400,
    "UnknownOperationException": 404,
    "ValidationException": 400,
}


class ApiError(Exception):
    """What the caller gets: an error code of `STATUS` and a message."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message, self.status = code, message, STATUS[code]
        super().__init__(f"{code}: {message}")


def invalid(message: str) -> ApiError:
    """The request is well formed and cannot be served as it is."""
    return ApiError("ValidationException", message)


def not_found(what: str) -> ApiError:
    """There is no such resource."""
    return ApiError(
        "ResourceNotFoundException", f"{what} was not found. Check the identifier and the Region, and try again."
    )


def conflict(message: str) -> ApiError:
    """The resource is in a state that forbids the call."""
    return ApiError("ConflictException", message)
