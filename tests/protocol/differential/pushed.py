"""Pushed requests (RFC 9126), request objects (RFC 9101) and answers as tokens (JARM)."""

from __future__ import annotations

from tests.protocol.differential.cases import case
from tests.support.two_providers import SECRETS, WEB, Provider, answer_of


async def push(provider: Provider, *, client: str | None = "web", **changes: str | None) -> str:
    return answer_of(await provider.call("pushed", provider.asked(changes), client=client))


def pushing(name: str, *, client: str | None = "web", **changes: str | None) -> None:
    """A case that pushes one request."""

    @case(f"push: {name}")
    async def _(provider: Provider) -> str:
        return await push(provider, client=client, **changes)


pushing("good")
pushing("by nobody", client=None)
pushing("by another client than it names", client="other")
pushing("redirect_uri not registered", redirect_uri="https://evil.example.test/cb")
pushing("redirect_uri missing", redirect_uri=None)
pushing("response_type missing", response_type=None)
pushing("response_type unknown", response_type="telepathy")
pushing("code_challenge missing", code_challenge=None, code_challenge_method=None)
pushing("code_challenge_method plain", code_challenge_method="plain")
pushing("with a request_uri", request_uri="urn:ietf:params:oauth:request_uri:other")
pushing("prompt none with login", prompt="none login")
pushing("a request object that is none", request="rubbish")
pushing("max_age no number", max_age="soon")


async def reference(provider: Provider, **changes: str | None) -> str:
    answer = await provider.call("pushed", provider.asked(changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


NOTHING_ELSE: dict[str, str | None] = dict.fromkeys(
    ("response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method")
)


@case("pushed: used")
async def _(provider: Provider) -> str:
    return await provider.authorize(**{**NOTHING_ELSE, "request_uri": await reference(provider)})


@case("pushed: used to the end, then again")
async def _(provider: Provider) -> str:
    asked = {**NOTHING_ELSE, "request_uri": await reference(provider)}
    landed = await provider.walk(**asked)
    assert "code" in landed, landed
    return await provider.authorize(**asked)


@case("pushed: used by another client")
async def _(provider: Provider) -> str:
    return await provider.authorize(**{**NOTHING_ELSE, "client_id": "poster", "request_uri": await reference(provider)})


@case("pushed: unknown")
async def _(provider: Provider) -> str:
    return await provider.authorize(**{**NOTHING_ELSE, "request_uri": "urn:ietf:params:oauth:request_uri:" + "u" * 43})


@case("pushed: GET")
async def _(provider: Provider) -> str:
    return str((await provider.http.get(provider.paths["pushed"])).status_code)


def objects(name: str, algorithm: str = "ES256", **changes: object) -> None:
    """A case that sends a request object of the client `keyed`, spoiled by `changes`."""

    @case(f"object: {name}")
    async def _(provider: Provider) -> str:
        request = provider.request_object(algorithm, **changes)
        return await provider.authorize(client_id="keyed", request=request)


objects("good")
objects("unsigned", "none")
objects("signed with HS256", "HS256")
objects("signed with a key that is not the client's", "ES256-other")
objects("expired", exp=1)
objects("for somebody else", aud="https://other.example.test")
objects("of another client", client_id="web", iss="web")
objects("with a request inside", request="rubbish")
objects("with a request_uri inside", request_uri="https://keyed.example.test/object")
objects("with another redirect_uri", redirect_uri="https://evil.example.test/cb")
objects("without response_type", response_type=None)


@case("object: rubbish")
async def _(provider: Provider) -> str:
    return await provider.authorize(client_id="keyed", request="rubbish")


@case("object: and a request_uri")
async def _(provider: Provider) -> str:
    return await provider.authorize(
        client_id="keyed",
        request=provider.request_object("ES256"),
        request_uri="urn:ietf:params:oauth:request_uri:other",
    )


@case("assertion: good")
async def _(provider: Provider) -> str:
    return await provider.token(await provider.code("keyed") | provider.assertion(), client=None)


def assertions(name: str, algorithm: str = "ES256", **changes: object) -> None:
    @case(f"assertion: {name}")
    async def _(provider: Provider) -> str:
        form = {"token": "rubbish", **provider.assertion(algorithm, **changes)}
        return answer_of(await provider.call("introspection", form, client=None))


assertions("for the endpoint it is sent to")
assertions("for somebody else", aud="https://other.example.test")
assertions("expired", exp=1)
assertions("without jti", jti=None)
assertions("without exp", exp=None)
assertions("without sub", sub=None)
assertions("of another client", iss="web", sub="web")
assertions("unsigned", "none")
assertions("signed with HS256", "HS256")
assertions("signed with a key that is not the client's", "ES256-other")


@case("assertion: twice")
async def _(provider: Provider) -> str:
    form = {"token": "rubbish", **provider.assertion()}
    first = answer_of(await provider.call("introspection", form, client=None))
    return f"{first}; {answer_of(await provider.call('introspection', form, client=None))}"


@case("assertion: beside a secret")
async def _(provider: Provider) -> str:
    form = {"token": "rubbish", **provider.assertion(), "client_secret": SECRETS["web"]}
    return answer_of(await provider.call("introspection", form, client=None))


@case("hybrid: code id_token")
async def _(provider: Provider) -> str:
    await provider.walk(client_id="hybrid", response_type="code id_token")
    return await provider.authorize(client_id="hybrid", response_type="code id_token", prompt="none")


def answered(name: str, **changes: str | None) -> None:
    @case(f"hybrid: {name}")
    async def _(provider: Provider) -> str:
        await provider.walk(client_id="hybrid")
        return await provider.authorize(client_id="hybrid", prompt="none", **changes)


answered("code token", response_type="code token")
answered("code id_token token", response_type="code id_token token")
answered("id_token", response_type="id_token", code_challenge=None, code_challenge_method=None)
answered("id_token token", response_type="id_token token", code_challenge=None, code_challenge_method=None)
answered("words in another order", response_type="token code")
answered("id_token without nonce", response_type="id_token", nonce=None)
answered("code id_token without nonce", response_type="code id_token", nonce=None)
answered("code id_token in the query", response_type="code id_token", response_mode="query")
answered("id_token in the query", response_type="id_token", response_mode="query")
answered("code in the fragment", response_mode="fragment")
answered("token", response_type="token")
answered("code in a form", response_mode="form_post")
answered("code in a token", response_mode="jwt")


@case("push: the web client's redirect_uri of its own")
async def _(provider: Provider) -> str:
    return await push(provider, redirect_uri=f"{WEB}?kept=1")
