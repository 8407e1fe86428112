"""Device authorization (RFC 8628) and proofs of possession (RFC 9449)."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.protocol.differential.credentials import CREDENTIALS
from tests.support.two_providers import Provider, answer_of

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


async def begun(provider: Provider, *, client: str = "kiosk", **changes: str) -> dict[str, str]:
    answer = await provider.call("device", {"client_id": client, "scope": "openid", **changes}, client=client)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@case("device: begin")
async def _(provider: Provider) -> str:
    found = await begun(provider)
    return " ".join(sorted(found))


@case("device: begin by a client that may not")
async def _(provider: Provider) -> str:
    return answer_of(await provider.call("device", {"scope": "openid"}))


@case("device: begin with a scope that the client may not have")
async def _(provider: Provider) -> str:
    form = {"client_id": "kiosk", "scope": "openid licence:read"}
    return answer_of(await provider.call("device", form, client="kiosk"))


@case("device: begin by nobody")
async def _(provider: Provider) -> str:
    return answer_of(await provider.call("device", {"scope": "openid"}, client=None))


async def poll(provider: Provider, code: str, *, client: str = "kiosk") -> str:
    form = {"grant_type": DEVICE, "device_code": code, "client_id": client}
    return await provider.token(form, client=client)


@case("device: poll before the person has decided")
async def _(provider: Provider) -> str:
    return await poll(provider, (await begun(provider))["device_code"])


@case("device: poll with an unknown code")
async def _(provider: Provider) -> str:
    return await poll(provider, "u" * 43)


@case("device: poll without a code")
async def _(provider: Provider) -> str:
    return await provider.token({"grant_type": DEVICE, "client_id": "kiosk"}, client="kiosk")


@case("device: poll of another client")
async def _(provider: Provider) -> str:
    return await poll(provider, (await begun(provider))["device_code"], client="kiosk-2")


@case("dpop: good")
async def _(provider: Provider) -> str:
    answer = await provider.call("token", CREDENTIALS, client="machine", headers=provider.proof("token"))
    return f"{answer_of(answer)} {answer.json()['token_type']}"


def proofs(name: str, algorithm: str = "ES256", **changes: object) -> None:
    @case(f"dpop: {name}")
    async def _(provider: Provider) -> str:
        return await provider.token(
            CREDENTIALS, client="machine", headers=provider.proof("token", algorithm, **changes)
        )


proofs("for another method", htm="GET")
proofs("for another address", htu="https://other.example.test/token")
proofs("without jti", jti=None)
proofs("without iat", iat=None)
proofs("too old", iat=1)
proofs("of the wrong type", typ="JWT")
proofs("unsigned", "none")
proofs("with the private key inside", private=True)
proofs("rubbish", text="rubbish")


@case("dpop: the same proof twice")
async def _(provider: Provider) -> str:
    headers = provider.proof("token")
    first = await provider.token(CREDENTIALS, client="machine", headers=headers)
    return f"{first}; {await provider.token(CREDENTIALS, client='machine', headers=headers)}"


@case("dpop: a bound token as Bearer")
async def _(provider: Provider) -> str:
    tokens = await provider.call("token", await provider.code(), headers=provider.proof("token"))
    headers = {"Authorization": f"Bearer {tokens.json()['access_token']}"}
    return answer_of(await provider.http.get(provider.paths["userinfo"], headers=headers))


@case("dpop: a bound token with its proof")
async def _(provider: Provider) -> str:
    tokens = await provider.call("token", await provider.code(), headers=provider.proof("token"))
    token = tokens.json()["access_token"]
    headers = {"Authorization": f"DPoP {token}", **provider.proof("userinfo", htm="GET", token=token)}
    return answer_of(await provider.http.get(provider.paths["userinfo"], headers=headers))


@case("dpop: a bound token with a proof for no token")
async def _(provider: Provider) -> str:
    tokens = await provider.call("token", await provider.code(), headers=provider.proof("token"))
    headers = {"Authorization": f"DPoP {tokens.json()['access_token']}", **provider.proof("userinfo", htm="GET")}
    return answer_of(await provider.http.get(provider.paths["userinfo"], headers=headers))


@case("dpop: a bearer token as DPoP")
async def _(provider: Provider) -> str:
    token = (await provider.tokens())["access_token"]
    headers = {"Authorization": f"DPoP {token}", **provider.proof("userinfo", htm="GET", token=token)}
    return answer_of(await provider.http.get(provider.paths["userinfo"], headers=headers))


@case("dpop: refresh with another key")
async def _(provider: Provider) -> str:
    form = await provider.code("app", scope="openid")
    tokens = (await provider.call("token", form, client="app", headers=provider.proof("token"))).json()
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "app"}
    return await provider.token(again, client="app", headers=provider.proof("token", "ES256-other"))


@case("dpop: refresh of a bound token without a proof")
async def _(provider: Provider) -> str:
    form = await provider.code("app", scope="openid")
    tokens = (await provider.call("token", form, client="app", headers=provider.proof("token"))).json()
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "app"}
    return await provider.token(again, client="app")


@case("dpop: a code bound to a key, redeemed with another")
async def _(provider: Provider) -> str:
    form = await provider.code(dpop_jkt=provider.thumbprint())
    return await provider.token(form, headers=provider.proof("token", "ES256-other"))
