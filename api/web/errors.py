"""Errors as pages: what happened, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.errors.problems import status_of
from api.web.render import page
from api.web.visitor import LOG_IN_FIRST, log_in_address
from core.errors import AppError, LimitExceeded
from core.text import Text

_TITLES = {
    400: Text("这一步没办成", "That did not work"),
    401: Text("请先登录", "Log in first"),
    403: Text("这里您不能进", "You may not do this"),
    404: Text("没有这个页面", "There is no such page"),
    405: Text("这个地址不能这样打开", "This address cannot be opened like that"),
    409: Text("情况已经变了", "Things have changed meanwhile"),
    410: Text("已经不在了", "It is gone"),
    412: Text("情况已经变了", "Things have changed meanwhile"),
    413: Text("文件太大", "The file is too large"),
    429: Text("太频繁了，请歇一会儿", "Too many attempts"),
    500: Text("我们这边出了错", "Something broke on our side"),
    503: Text("暂时连不上", "A part of the service does not answer"),
}


@dataclass(frozen=True, slots=True)
class ErrorView:
    """What the error page says."""

    status: int
    title: Text
    text: Text
    retry: str | None = None


def error_page(request: Request, error: AppError) -> Response:
    """The page for an error. A page that needs a log-in leads there instead, and back afterwards."""
    if error.code == LOG_IN_FIRST and request.method == "GET":
        return RedirectResponse(log_in_address(request), 303)
    status = status_of(error)
    retry = request.url.path if status in (429, 500, 503) and request.method == "GET" else None
    response = page(
        request,
        "error.html",
        status=status,
        view=ErrorView(status, _TITLES.get(status, _TITLES[400]), error.text, retry),
    )
    if isinstance(error, LimitExceeded) and error.retry_after:
        response.headers["Retry-After"] = str(error.retry_after)
    return response
