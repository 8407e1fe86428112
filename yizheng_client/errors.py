"""What can go wrong, so that a script can tell whether trying again makes sense."""

from __future__ import annotations

from typing import Any

import httpx


class YizhengError(Exception):
    """Whatever this package raises about the service."""


class Unreachable(YizhengError):
    """The service did not answer, or was not able to; the same call may be made again."""


class Refused(YizhengError):
    """The service answered and refuses (RFC 9457, or RFC 6749 §5.2 for tokens).

    Attributes:
        status: of the HTTP answer.
        code: stable name of the reason, e.g. `seal-not-active`.
        text: for people, in Chinese where the service knows it.
        field: the field that it is about, if it is about one.
    """

    def __init__(self, status: int, code: str, text: str, field: str | None = None) -> None:
        super().__init__(f"{code} ({status}): {text}")
        self.status = status
        self.code = code
        self.text = text
        self.field = field


def refused(answer: httpx.Response) -> Refused:
    """From an answer that is no success."""
    try:
        body: Any = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Refused(answer.status_code, "unknown", answer.text[:200])
    if "error" in body:
        return Refused(answer.status_code, str(body["error"]), str(body.get("error_description", "")))
    code = str(body.get("type", "unknown")).rsplit("/", 1)[-1]
    text = str(body.get("detail") or body.get("title") or "")
    field = body.get("field")
    return Refused(answer.status_code, code, text, field if isinstance(field, str) else None)
