"""Who calls before how much: what is more than anybody may send anywhere is read only from a caller who is known.

The credentials of this style stand inside the body (`head`). As much as every address takes from anybody (1 MiB) is
read first; where there is more, the caller is proved from the `head` in that beginning before the rest is let in
(OWASP API Security 2023 API4, ASVS 5.2.1). Whoever sends a large file therefore writes `head` before `data`.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.requests import Request

from api.middleware.body_limit import DEFAULT_LIMIT
from api.routes.adapters.callers import client_by_credentials
from api.routes.adapters.head_data.shapes import Envelope, Head
from api.routes.adapters.shapes import read_body
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text

_HEAD = TypeAdapter(Head)


async def asked_by(request: Request, model: type[Envelope[Any]]) -> tuple[Envelope[Any], Principal]:
    """What is asked, and by which system.

    Raises:
        InvalidInput: `request-invalid`, or `head-first` where a large body does not begin with its `head`.
        NotAuthenticated: `credentials-wrong`.
        NotPermitted: `client-needed`.
    """
    content, head, actor = bytearray(), None, None
    async for piece in request.stream():
        content += piece
        if actor is None and len(content) > DEFAULT_LIMIT:
            head = _head_in(bytes(content))
            actor = await client_by_credentials(request, head.access_id, head.access_token)
    asked = read_body(model, bytes(content))
    if actor is None:
        return asked, await client_by_credentials(request, asked.head.access_id, asked.head.access_token)
    if asked.head != head:  # a second `head` behind the file: JSON takes the last one
        raise _head_first()
    return asked, actor


def _head_in(beginning: bytes) -> Head:
    """The `head` of a body that is cut off somewhere in its `data`."""
    try:
        parsed: Any = from_json(beginning, allow_partial=True)
        return _HEAD.validate_python(parsed["head"])
    except (ValueError, KeyError, TypeError, ValidationError):
        raise _head_first() from None


def _head_first() -> InvalidInput:
    return InvalidInput(
        "head-first",
        Text(
            "正文超过 1 MiB 时，请把 head 写在 data 前面，且只写一次：先认调用方，再收文件。",
            "In a body of more than 1 MiB write head before data, and once: the caller is proved before the file is "
            "taken in.",
        ),
        field="head",
    )
