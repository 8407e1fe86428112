"""Portals that push their authorization requests, and browsers that bring the reference."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.idp_browser import BackEnd, Browser, Entered, Pkce, authorization_params
from tests.support.idp_world import Portal, Somebody


async def push(back_end: BackEnd, pkce: Pkce | None = None, **changes: str | None) -> httpx.Response:
    """Push the request that the portal would send by the browser; `changes` as in `Browser.authorize`."""
    return await back_end.post("/par", authorization_params(back_end.portal, pkce or Pkce(), **changes))


async def pushed(back_end: BackEnd, pkce: Pkce | None = None, **changes: str | None) -> str:
    """The `request_uri` of a pushed request."""
    answer = await push(back_end, pkce, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


async def bring(browser: Browser, portal: Portal, request_uri: str, **more: str) -> httpx.Response:
    """The browser comes with the reference and the client's name, and nothing else."""
    params = {"client_id": portal.client_id, "request_uri": request_uri, **more}
    return await browser.http.get("/authorize", params=params)


async def enter_pushed(
    browser: Browser, back_end: BackEnd, somebody: Somebody | None = None, **changes: Any
) -> Entered:
    """All the way to the portal by a pushed request."""
    pkce, decision = Pkce(), changes.pop("decision", "grant")
    request_uri = await pushed(back_end, pkce, **changes)
    answer = await bring(browser, back_end.portal, request_uri)
    return await browser.follow(answer, pkce, back_end.portal, somebody, decision=decision)
