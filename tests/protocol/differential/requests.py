"""Authorization requests."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.support.two_providers import WEB, Provider


def request(name: str, *, method: str = "GET", extra: str = "", **changes: str | None) -> None:
    """A case that is one authorization request."""

    @case(f"authorize: {name}")
    async def _(provider: Provider) -> str:
        return await provider.authorize(method=method, extra=extra, **changes)


request("plain")
request("by POST", method="POST")
request("by PUT", method="PUT")
request("response_type missing", response_type=None)
request("response_type unknown", response_type="telepathy")
request("response_type token", response_type="token")
request("response_type id_token without registration", response_type="id_token")
request("response_type none", response_type="none")
request("response_type twice", extra="&response_type=code")
request("client_id missing", client_id=None)
request("client_id unknown", client_id="nobody")
request("client_id twice", extra="&client_id=web")
request("redirect_uri missing, two registered", redirect_uri=None)
request("redirect_uri not registered", redirect_uri="https://evil.example.test/cb")
request("redirect_uri with another path", redirect_uri=f"{WEB}/more")
request("redirect_uri with a query added", redirect_uri=f"{WEB}?x=1")
request("redirect_uri with its query", redirect_uri=f"{WEB}?kept=1")
request("redirect_uri with another query", redirect_uri=f"{WEB}?kept=2")
request("redirect_uri in capitals", redirect_uri=WEB.upper())
request("redirect_uri twice", extra=f"&redirect_uri={WEB}")
request("scope missing", scope=None)
request("scope without openid", scope="offline_access")
request("scope unknown beside openid", scope="openid telepathy")
request("scope that the client may not have", scope="openid licence:read")
request("state missing", state=None)
request("nonce missing", nonce=None)
request("state empty", state="")
request("unknown parameter", extra="&telepathy=yes")
request("code_challenge missing", code_challenge=None, code_challenge_method=None)
request("code_challenge too short", code_challenge="short")
request("code_challenge with a wrong letter", code_challenge="=" * 43)
request("code_challenge_method plain", code_challenge_method="plain")
request("code_challenge_method in small letters", code_challenge_method="s256")
request("code_challenge_method missing", code_challenge_method=None)
request("prompt none without a session", prompt="none")
request("prompt none with login", prompt="none login")
request("prompt unknown", prompt="telepathy")
request("prompt login", prompt="login")
request("prompt consent", prompt="consent")
request("max_age 0", max_age="0")
request("max_age negative", max_age="-1")
request("max_age no number", max_age="soon")
request("display page", display="page")
request("display popup", display="popup")
request("ui_locales", ui_locales="fr zh-CN")
request("claims_locales", claims_locales="zh-CN")
request("login_hint", login_hint="somebody@example.test")
request("acr_values unknown", acr_values="urn:other:9")
request("claims empty", claims="{}")
request("claims for userinfo", claims='{"userinfo":{"nickname":{"essential":true}}}')
request("claims no JSON", claims="{")
request("claims a list", claims="[]")
request("claims with a member that is no object", claims='{"userinfo":7}')
request("essential acr that cannot be met", claims='{"id_token":{"acr":{"essential":true,"values":["urn:other:9"]}}}')
request("id_token_hint no token", id_token_hint="rubbish")
request("registration", registration="{}")
request("response_mode unknown", response_mode="telepathy")
request("response_mode query", response_mode="query")


@case("authorize: with a session")
async def _(provider: Provider) -> str:
    await provider.walk()
    return await provider.authorize(prompt="none")


@case("authorize: with a session, max_age 10000")
async def _(provider: Provider) -> str:
    await provider.walk()
    return await provider.authorize(prompt="none", max_age="10000")


@case("authorize: with a session, prompt login")
async def _(provider: Provider) -> str:
    await provider.walk()
    return await provider.authorize(prompt="login")


@case("authorize: with a session and the hint of who is there")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await provider.authorize(prompt="none", id_token_hint=tokens["id_token"])


@case("authorize: with a session and the hint of another client")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens("poster")
    return await provider.authorize(prompt="none", id_token_hint=tokens["id_token"])
