"""Client authentication, asked where nothing else is needed, and the form of token requests."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.support.idp_browser import basic
from tests.support.two_providers import SECRETS, Provider

CREDENTIALS = {"grant_type": "client_credentials"}


@case("client: good")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client="machine")


@case("client: scope unknown")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS | {"scope": "telepathy"}, client="machine")


@case("client: one of its scopes")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS | {"scope": "licence:read"}, client="machine")


@case("client: scope of people")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS | {"scope": "openid"}, client="machine")


@case("client: wrong secret")
async def _(provider: Provider) -> str:
    headers = {"Authorization": basic("machine", "w" * 40)}
    return await provider.token(CREDENTIALS, client=None, headers=headers)


@case("client: unknown")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client=None, headers={"Authorization": basic("nobody", "w" * 40)})


@case("client: another method than the registered one")
async def _(provider: Provider) -> str:
    form = CREDENTIALS | {"client_id": "machine", "client_secret": SECRETS["machine"]}
    return await provider.token(form, client=None)


@case("client: two methods at once")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS | {"client_secret": SECRETS["machine"]}, client="machine")


@case("client: the header names another than the body")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS | {"client_id": "web"}, client="machine")


@case("client: a header that is no Basic")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client=None, headers={"Authorization": "Basic %%%"})


@case("client: a Bearer header")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client=None, headers={"Authorization": "Bearer abc"})


@case("client: empty secret")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client=None, headers={"Authorization": basic("machine", "")})


@case("client: secret that is not ASCII")
async def _(provider: Provider) -> str:
    return await provider.token(CREDENTIALS, client=None, headers={"Authorization": basic("machine", "密钥" * 20)})


@case("client: a public one with a secret")
async def _(provider: Provider) -> str:
    return await provider.token(
        await provider.code("app") | {"client_id": "app", "client_secret": "w" * 40}, client=None
    )


@case("client: an assertion that is no token")
async def _(provider: Provider) -> str:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = CREDENTIALS | {"client_id": "machine", "client_assertion": "rubbish", "client_assertion_type": kind}
    return await provider.token(form, client=None)


@case("token: a parameter twice")
async def _(provider: Provider) -> str:
    return await provider.token("grant_type=client_credentials&grant_type=client_credentials", client="machine")


@case("token: a JSON body")
async def _(provider: Provider) -> str:
    headers = {"Content-Type": "application/json"}
    return await provider.token('{"grant_type":"client_credentials"}', client="machine", headers=headers)


@case("token: GET")
async def _(provider: Provider) -> str:
    return str((await provider.http.get(provider.paths["token"])).status_code)
