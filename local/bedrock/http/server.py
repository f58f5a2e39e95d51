"""The HTTP server: AWS's API below /, the control endpoint below /_local."""

import logging
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.bedrock.api import request_parsing, responses, routes
from local.bedrock.api.api_errors import ApiError
from local.bedrock.api.validation import validate
from local.bedrock.catalog import HOME_REGION
from local.bedrock.faults import Fault, Faults
from local.bedrock.http.calls import Calls, name_of
from local.bedrock.http.operations import Operation

_log = logging.getLogger(__name__)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
# The credential scope of a SigV4 header: key/date/region/service/aws4_request.
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")


class Wire(NamedTuple):
    """An HTTP request without HTTP: what an operation is found and read from."""

    method: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Api:
    """Finds, checks, runs and notes API calls."""

    def __init__(self, operations: dict[str, Operation], faults: Faults) -> None:
        self.calls, self._operations, self._faults = Calls(), operations, faults
        self._names = frozenset(operations)

    def handle(self, wire: Wire) -> Response:
        """The response to one request; never raises."""
        found = routes.match(wire.method, wire.raw_path, self._names)
        if found is None:
            return responses.failure(
                ApiError(
                    "UnknownOperationException",
                    f"{wire.method} {wire.raw_path} is not an operation of the local Bedrock.",
                )
            )
        name, given = found.operation.name, dict[str, Any]()
        try:
            given.update(self._checked(found, wire))
            output = self._operations[name](given, _region(wire.headers))
            if self._faults.take_for_call("lostReply", name):
                raise ApiError(
                    "InternalServerException",
                    "The reply was lost on its way (injected fault). The call itself was carried out.",
                )
            response, outcome = responses.success(found.operation, output), "ok"
        except ApiError as error:
            response, outcome = responses.failure(error), error.code
        except Exception:
            _log.exception("%s failed.", name)
            unexpected = ApiError("InternalServerException", "Internal error. See the local Bedrock's log.")
            response, outcome = responses.failure(unexpected), unexpected.code
        self.calls.add(name, given, outcome)
        return response

    def _checked(self, found: routes.Match, wire: Wire) -> dict[str, Any]:
        if self._faults.take_for_call("throttling", found.operation.name):
            raise ApiError("ThrottlingException", "Too many requests, please wait before trying again.")
        if self._faults.take_for_call("quotaExceeded", found.operation.name):
            raise ApiError("ServiceQuotaExceededException", "Your account has as many as its quota allows.")
        given = request_parsing.parse(found.operation, found.labels, wire.query, wire.headers, wire.body)
        name, about = found.operation.name, name_of(given) or ""
        if self._faults.take_refusal("accessDenied", name, about):
            raise ApiError("AccessDeniedException", f"not authorized to perform {name} (injected fault)")
        if self._faults.take_refusal("forgotten", name, about):
            raise ApiError("ResourceNotFoundException", f"{about} cannot be found (injected fault)")
        validate(found.operation.input_shape, given)
        return given


def create_app(operations: dict[str, Operation], faults: Faults) -> Starlette:
    """The application. `faults` is the registry that the control endpoint fills."""
    api = Api(operations, faults)

    async def call(request: Request) -> Response:
        wire = Wire(
            request.method,
            request.scope["raw_path"].decode().split("?")[0],
            request.query_params,
            request.headers,
            await request.body(),
        )
        # Off the event loop: models compute and jobs touch S3.
        return await run_in_threadpool(api.handle, wire)

    return Starlette(routes=[*_control_routes(api, faults), Route("/{path:path}", call, methods=_METHODS)])


def _control_routes(api: Api, faults: Faults) -> list[Route]:
    """What no AWS has: arming faults, the calls so far, health."""

    async def add_fault(request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
            faults.add(fault)
        except (ValidationError, re.error) as error:
            return JSONResponse({"message": f"Not a fault: {error}"}, 400)
        return JSONResponse(fault.model_dump(by_alias=True), 201)

    async def clear_faults(request: Request) -> Response:
        faults.clear()
        return JSONResponse({})

    async def list_faults(request: Request) -> Response:
        return JSONResponse({"faults": faults.listing()})

    async def list_calls(request: Request) -> Response:
        return JSONResponse({"calls": api.calls.listing()})

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ready"})

    return [
        Route("/_local/faults", add_fault, methods=["POST"]),
        Route("/_local/faults", clear_faults, methods=["DELETE"]),
        Route("/_local/faults", list_faults, methods=["GET"]),
        Route("/_local/calls", list_calls, methods=["GET"]),
        Route("/_local/health", health, methods=["GET"]),
    ]


def _region(headers: Mapping[str, str]) -> str:
    scope = _SCOPE.search(headers.get("authorization", ""))
    return scope.group(1) if scope else HOME_REGION
