"""The web application: routes, middleware, error mapping and the life of the container."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors.problems import UNEXPECTED, problem_response
from api.fast_lane import FastLane, RequestLog, log_by_structlog
from api.large_files import LargeFiles
from api.limits import SourceWindows
from api.middleware.body_limit import BodyLimit
from api.middleware.cross_origin import CrossOrigin
from api.middleware.request_id import RequestId
from api.middleware.security_headers import SecurityHeaders, security_headers
from api.middleware.unexpected import UnexpectedErrors
from api.middleware.whole_answers import LANE
from api.routes import (
    adapters,
    audit,
    certstore,
    clients,
    csc,
    health,
    idp,
    metrics,
    organisations,
    pages,
    people,
    pki,
    scim,
    signing,
    staff,
)
from api.routes.idp.hot import HOT_ROUTES
from api.service import build_service
from api.settings import Settings
from api.version import VERSION
from api.web.errors import error_page
from api.web.static_files import mount_static
from api.wiring.container import Container
from core.errors import AppError, InvalidInput, NotFound
from core.text import Text

UPLOAD_PATHS = (
    "/exchange/head-data/verifyFile",
    "/me/objections",
    "/office/batches",
    "/office/catalogue",
    "/office/imports",
    "/v1/catalogue/imports",
    "/v1/conversions",
    "/v1/objections",
    "/v1/seal-requests",
    "/v1/signature-batches",
    "/v1/signature-extensions",
    "/v1/signature-previews",
    "/v1/signatures",
    "/v1/signature-verifications",
    "/v1/text-searches",
    "/v1/verifications",
    "/verify",
    "/office/seal",
)
DOCUMENT_PATHS = (
    "/attachments",
    "/create_attachment",
    "/csc/v2/signatures/signDoc",
    "/v1/seal-applications",
    "/v1/seal-pictures",
    "/v1/seals",
)
# PDFs that are read by ranges and never whole
LARGE_PATHS = (
    "/v1/seal-requests",
    "/v1/signature-extensions",
    "/v1/signature-previews",
    "/v1/signatures",
    "/v1/signature-verifications",
)
Build = Callable[[Settings], Awaitable[Container]]


class Service(FastAPI):
    """The application; hot requests go by the fast lane."""

    fast_lane: FastLane | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        lane = self.fast_lane
        if lane is not None and scope["type"] == "http" and (route := lane.route(scope)) is not None:
            scope["app"] = self
            await lane(route, scope, receive, send)
            return
        await super().__call__(scope, receive, send)


def create_app(
    settings: Settings,
    build: Build = build_service,
    *,
    log_requests: bool = True,
    request_log: RequestLog = log_by_structlog,
) -> FastAPI:
    """The application for `settings`; the container is built when the server starts and closed when it ends.

    Args:
        request_log: takes the lines of requests in the fast lane, if requests are logged.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
        container = app.state.container = await build(settings)
        background = [asyncio.create_task(work) for work in container.background()]
        try:
            yield {LANE: cast("Service", app).fast_lane}
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await container.close()

    app = Service(
        title="一证 Yizheng",
        version=VERSION,
        summary="Unified identity, e-licences and e-seals: people prove things once.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.mode == "development" else None,
    )
    app.state.ocsp_windows = SourceWindows()
    app.state.large_files = LargeFiles()
    for domain in (
        idp,
        pki,
        certstore,
        audit,
        adapters,
        signing,
        csc,
        clients,
        staff,
        organisations,
        people,
        scim,
        pages,
        health,
        metrics,
    ):  # asked most, found first
        for router in domain.routers:
            app.include_router(router)
    mount_static(app)
    if settings.demo:
        from api.demo.phone import mount_phone
        from api.demo.portals import mount_portals
        from api.demo.upstream import mount_upstream

        mount_portals(app, settings)
        mount_upstream(app, settings)
        mount_phone(app, settings)
    _map_errors(app)
    add_middleware(app, secure=settings.secure, log_requests=log_requests, largest_pdf=settings.signing.max_pdf_bytes)
    app.fast_lane = FastLane(
        HOT_ROUTES,
        guards=security_headers(secure=settings.secure),
        answer=lambda request, error: _answer(request, error or UNEXPECTED),
        log=request_log if log_requests else None,
        app=app,
    )
    return app


def add_middleware(app: FastAPI, *, secure: bool, log_requests: bool, largest_pdf: int = 0) -> None:
    """From the inside out: limit the body, let clients' pages read, answer what broke, guard, number and log."""
    app.add_middleware(
        BodyLimit,
        upload_paths=UPLOAD_PATHS,
        register_paths=frozenset({"/v1/imports"}),
        document_paths=DOCUMENT_PATHS,
        large_paths=LARGE_PATHS,
        large_limit=largest_pdf,
    )
    app.add_middleware(CrossOrigin, allows=_is_of_a_client)
    app.add_middleware(UnexpectedErrors, answer=lambda request: _answer(request, UNEXPECTED))
    app.add_middleware(SecurityHeaders, secure=secure)
    app.add_middleware(RequestId, log_requests=log_requests)


async def _is_of_a_client(scope: Scope, origin: str) -> bool:
    container: Container = scope["app"].state.container
    return await container.idp.browser_origins.allows(origin)


def wants_page(request: Request) -> bool:
    """True for a browser that looks at a page; programs get problem documents."""
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")


def _answer(request: Request, error: AppError) -> Response:
    return error_page(request, error) if wants_page(request) else problem_response(request, error)


def _map_errors(app: FastAPI) -> None:
    @app.exception_handler(AppError)
    async def _app_error(request: Request, error: AppError) -> Response:
        return _answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def _not_valid(request: Request, error: RequestValidationError) -> Response:
        # The framework's own body would echo the input (attacks O-67): only a place that the API itself names is told.
        place = _declared_place(error.errors()[0])
        text = Text(
            f"请求里的 {place} 不符合要求，请对照接口说明。",
            f"The request's {place} is not as required. See the API description.",
        )
        return _answer(request, InvalidInput("request-invalid", text, field=place))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        return _answer(request, _from_framework(error))


def _declared_place(fault: dict[str, Any]) -> str:
    """Where the fault is, as the API description names it; a member that the caller made up is not repeated."""
    place = [str(part) for part in fault.get("loc", ()) if part not in ("body", "query", "header", "path")]
    if fault.get("type") in ("extra_forbidden", "json_invalid", "invalid_key"):
        place = place[:-1]
    return ".".join(part for part in place if part.isascii() and part.replace("-", "_").isidentifier())[:80] or "body"


def _from_framework(error: HTTPException) -> AppError:
    if error.status_code == 404:
        return NotFound(
            "not-found",
            Text("没有这个页面或资源，请核对地址。", "There is no such page or resource. Check the address."),
        )
    if error.status_code == 405:
        return InvalidInput(
            "method-not-allowed", Text("这个地址不接受这种请求方法。", "This address does not take this method.")
        )
    if error.status_code == 413:
        return InvalidInput("too-large", Text("内容太大。", "The body is too large."))
    return InvalidInput(
        "request-invalid", Text("请求读不懂，请对照接口说明。", "The request cannot be read. See the API description.")
    )
