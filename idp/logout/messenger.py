"""Posts logout tokens over HTTP: short, bounded, without following redirects or reading the answer."""

from __future__ import annotations

import asyncio

import httpx


class HttpLogoutMessenger:
    """Implements `idp.ports.LogoutMessenger` (OpenID Connect Back-Channel Logout 1.0 §2.5).

    Addresses come from administrators only; still nothing but the status line is read, so a portal cannot hold
    us up with a slow or endless body (attacks O-19).

    Args:
        timeout: seconds for one delivery in all.
    """

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._client = httpx.AsyncClient(
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=0),
            headers={"User-Agent": "yizheng-logout"},
        )

    async def post(self, uri: str, logout_token: str) -> str:
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._client.stream("POST", uri, data={"logout_token": logout_token}) as answer,
            ):
                # §2.8: 200, and 204 from some frameworks; anything else has not been understood
                return "delivered" if answer.status_code in (200, 204) else f"status-{answer.status_code}"
        except (TimeoutError, httpx.TimeoutException):
            return "timeout"
        except (httpx.HTTPError, httpx.InvalidURL):
            return "unreachable"

    async def close(self) -> None:
        await self._client.aclose()
