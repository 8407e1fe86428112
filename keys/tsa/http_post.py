"""Posts a request to an authority over HTTP: bounded in size and time, no redirect, no proxy (attacks S-55)."""

from __future__ import annotations

import httpx

from keys.tsa.errors import AnswerRefused
from keys.tsa.token import MAX_TOKEN

_MAX_ANSWER = MAX_TOKEN + 4096  # octets


class HttpPost:
    """Implements `keys.tsa.ports.Post` for addresses that an administrator has configured.

    Args:
        connect_timeout: seconds; the caller bounds the whole.
    """

    def __init__(self, *, connect_timeout: float = 2.0) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(30.0, connect=connect_timeout),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=8),
            headers={"User-Agent": "yizheng-timestamp"},
        )

    async def __call__(
        self, url: str, body: bytes, *, content_type: str, accept: str, authorization: str | None
    ) -> bytes:
        headers = {"Content-Type": content_type, "Accept": accept, "Accept-Encoding": "identity"}
        if authorization is not None:
            headers["Authorization"] = authorization
        try:
            async with self._client.stream("POST", url, content=body, headers=headers) as answer:
                return await _body(answer, accept)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AnswerRefused(f"no answer ({type(error).__name__})") from None

    async def close(self) -> None:
        await self._client.aclose()


async def _body(answer: httpx.Response, accept: str) -> bytes:
    if answer.status_code != 200:
        raise AnswerRefused(f"answered with HTTP {answer.status_code}")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != accept:  # RFC 3161 §3.4
        raise AnswerRefused("answered with another content type")
    if "content-encoding" in answer.headers:  # not asked for; what unpacks may be endless
        raise AnswerRefused("answered with an encoding that was not asked for")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise AnswerRefused("answered with too much")
    return bytes(body)
