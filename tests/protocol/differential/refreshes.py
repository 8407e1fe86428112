"""Refresh tokens."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.support.two_providers import Provider


async def refreshed(provider: Provider, *, client: str = "web", **changes: str | None) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **changes}
    return await provider.token({n: value for n, value in form.items() if value is not None}, client=client)


@case("refresh: good")
async def _(provider: Provider) -> str:
    return await refreshed(provider)


@case("refresh: token missing")
async def _(provider: Provider) -> str:
    return await refreshed(provider, refresh_token=None)


@case("refresh: token unknown")
async def _(provider: Provider) -> str:
    return await refreshed(provider, refresh_token="r" * 43)


@case("refresh: by another client")
async def _(provider: Provider) -> str:
    return await refreshed(provider, client="other")


@case("refresh: narrower")
async def _(provider: Provider) -> str:
    return await refreshed(provider, scope="openid")


@case("refresh: wider")
async def _(provider: Provider) -> str:
    return await refreshed(provider, scope="openid offline_access licence:read")


@case("refresh: twice")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    fresh = (await provider.call("token", form)).json()
    again = await provider.token(form)
    successor = await provider.token(form | {"refresh_token": fresh["refresh_token"]})
    return f"{again}; the successor: {successor}"
