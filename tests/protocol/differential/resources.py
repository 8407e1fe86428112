"""What becomes of tokens: userinfo, introspection, revocation."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.protocol.differential.credentials import CREDENTIALS
from tests.support.idp_browser import basic
from tests.support.two_providers import SECRETS, Provider, answer_of


async def userinfo(provider: Provider, **headers: str) -> str:
    return answer_of(await provider.http.get(provider.paths["userinfo"], headers=headers))


@case("userinfo: good")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await userinfo(provider, Authorization=f"Bearer {tokens['access_token']}")


@case("userinfo: in small letters")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await userinfo(provider, Authorization=f"bearer {tokens['access_token']}")


@case("userinfo: by POST with a header")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return answer_of(await provider.http.post(provider.paths["userinfo"], headers=headers))


@case("userinfo: by POST in the body")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return answer_of(
        await provider.http.post(provider.paths["userinfo"], data={"access_token": tokens["access_token"]})
    )


@case("userinfo: no token")
async def _(provider: Provider) -> str:
    return await userinfo(provider)


@case("userinfo: token unknown")
async def _(provider: Provider) -> str:
    return await userinfo(provider, Authorization="Bearer rubbish")


@case("userinfo: Basic")
async def _(provider: Provider) -> str:
    return await userinfo(provider, Authorization=basic("web", SECRETS["web"]))


@case("userinfo: ID token")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await userinfo(provider, Authorization=f"Bearer {tokens['id_token']}")


@case("userinfo: refresh token")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    return await userinfo(provider, Authorization=f"Bearer {tokens['refresh_token']}")


@case("userinfo: token of a client itself")
async def _(provider: Provider) -> str:
    answer = await provider.call("token", CREDENTIALS, client="machine")
    return await userinfo(provider, Authorization=f"Bearer {answer.json()['access_token']}")


@case("userinfo: token in the query")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return answer_of(
        await provider.http.get(provider.paths["userinfo"], params={"access_token": tokens["access_token"]})
    )


async def told(provider: Provider, endpoint: str, form: dict[str, str], **options: str | None) -> str:
    return answer_of(await provider.call(endpoint, form, **options))


@case("introspection: own access token")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await told(provider, "introspection", {"token": tokens["access_token"]})


@case("introspection: own refresh token")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    return await told(provider, "introspection", {"token": tokens["refresh_token"]})


@case("introspection: wrong hint")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    form = {"token": tokens["access_token"], "token_type_hint": "refresh_token"}
    return await told(provider, "introspection", form)


@case("introspection: rubbish")
async def _(provider: Provider) -> str:
    return await told(provider, "introspection", {"token": "rubbish"})


@case("introspection: no token")
async def _(provider: Provider) -> str:
    return await told(provider, "introspection", {})


@case("introspection: no client")
async def _(provider: Provider) -> str:
    return await told(provider, "introspection", {"token": "rubbish"}, client=None)


@case("introspection: of another client")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens()
    return await told(provider, "introspection", {"token": tokens["access_token"]}, client="other")


@case("revocation: rubbish")
async def _(provider: Provider) -> str:
    return await told(provider, "revocation", {"token": "rubbish"})


@case("revocation: no token")
async def _(provider: Provider) -> str:
    return await told(provider, "revocation", {})


@case("revocation: unknown hint")
async def _(provider: Provider) -> str:
    return await told(provider, "revocation", {"token": "rubbish", "token_type_hint": "telepathy"})


@case("revocation: refresh token, then its access token")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    done = await told(provider, "revocation", {"token": tokens["refresh_token"]})
    afterwards = await userinfo(provider, Authorization=f"Bearer {tokens['access_token']}")
    return f"{done}; {afterwards}"


@case("revocation: of another client")
async def _(provider: Provider) -> str:
    tokens = await provider.tokens(scope="openid offline_access", prompt="consent")
    return await told(provider, "revocation", {"token": tokens["refresh_token"]}, client="other")
