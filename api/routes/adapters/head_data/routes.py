"""`/exchange/head-data/…`: one address for each operation, under both of its names in use.

The HTTP status of whatever was understood is 200, as callers of this style expect it; `head.status` says what came of
it: 0, or the number that our own interface would have answered with, beside its error code.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.deps import language
from api.errors.problems import status_of
from api.routes.adapters.callers import refuse_query
from api.routes.adapters.head_data import operations as does
from api.routes.adapters.head_data import shapes
from api.routes.adapters.head_data.knocking import asked_by
from api.routes.adapters.shapes import described
from core.correlation import current_request
from core.errors import AppError, LimitExceeded
from core.principal import Principal

router = APIRouter(prefix="/exchange/head-data", tags=["exchange: head and data"])
log = structlog.get_logger("exchange")
Handler = Callable[[Request, Any, Principal], Awaitable[Any]]
DONE = "0"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation with all its names."""

    names: tuple[str, ...]
    data: type[shapes.Data]
    handler: Handler


OPERATIONS = (
    Operation(("queryCert",), shapes.HolderData, does.query_cert),
    Operation(("queryCertInfo", "GetCertificateDataByCertificateID"), shapes.IdentifierData, does.query_info),
    Operation(("queryCertInfoByHolderCode", "GetCertificateDataByHolder"), shapes.HolderData, does.query_by_holder),
    Operation(("queryCertInfoByQRcode",), shapes.QrData, does.query_by_qr),
    Operation(("downloadFile", "GetCertificateFileByCertificateID"), shapes.FileData, does.download_file),
    Operation(("downloadUrl",), shapes.FileUrlData, does.download_url),
    Operation(
        ("downloadUrlsByHolderCode", "GetCertificateFileByHolder"),
        shapes.HolderFileData,
        does.download_urls_by_holder,
    ),
    Operation(("verifyCertInfo",), shapes.ClaimsData, does.verify_cert_info),
    Operation(("verifyFile",), shapes.FileCheckData, does.verify_file),
    Operation(("getCertRemarkInfo",), shapes.RemarkData, does.remarks),
)


def _offer(operation: Operation) -> None:
    model = shapes.Envelope[operation.data]  # type: ignore[name-defined]  # made while the program runs

    async def endpoint(request: Request) -> Response:
        try:
            refuse_query(request)
            asked, actor = await asked_by(request, model)
            return _answer({"status": DONE, "message": "success"}, await operation.handler(request, asked.data, actor))
        except AppError as error:
            return _refusal(request, error)

    for name in operation.names:
        router.add_api_route(
            f"/{name}",
            endpoint,
            methods=["POST"],
            name=name,
            summary=(operation.handler.__doc__ or name).strip().splitlines()[0],
            response_class=Response,
            openapi_extra=described(model),
        )


def _answer(head: dict[str, Any], data: Any, headers: dict[str, str] | None = None) -> Response:
    body = orjson.dumps({"head": head | {"requestId": current_request()}, "data": data})
    return Response(body, 200, {"Cache-Control": "no-store", **(headers or {})}, "application/json")


def _refusal(request: Request, error: AppError) -> Response:
    log.info("exchange.refused", error=error.code, detail=error.private or error.code)
    head = {"status": str(status_of(error)), "message": error.text.to(language(request)), "code": error.code}
    wait = error.retry_after if isinstance(error, LimitExceeded) else None
    return _answer(head, None, {"Retry-After": str(wait)} if wait else None)


for _one in OPERATIONS:
    _offer(_one)
