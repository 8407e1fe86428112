"""The same request to us and to oidc-provider, a certified server by others: the same answer, or a reason.

Each case gives an answer in words (`tests.support.two_providers`). Where the words differ, `DIFFERENCES` has both and
says why; a difference that is no longer there fails too, so the table cannot grow old.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from tests.support.clock import FakeClock
from tests.support.idp_browser import basic, idp_app
from tests.support.idp_world import ISSUER, IdpWorld, embedded_world
from tests.support.peer_provider import peer_provider
from tests.support.servers import BackendMissing
from tests.support.two_providers import CLIENTS, SECRETS, WEB, Provider, answer_of, metadata_of

Case = Callable[[Provider], Awaitable[str]]
CASES: dict[str, Case] = {}

OURS = {
    "authorization": "/authorize",
    "token": "/token",
    "userinfo": "/userinfo",
    "introspection": "/introspect",
    "revocation": "/revoke",
}
THEIRS = {
    "authorization": "/auth",
    "token": "/token",
    "userinfo": "/me",
    "introspection": "/token/introspection",
    "revocation": "/token/revocation",
}
RESOURCE = "https://api.example.test/"
SCOPES = ["openid", "offline_access", "licence:read", "licence:issue"]


def case(name: str) -> Callable[[Case], Case]:
    def keep(work: Case) -> Case:
        assert name not in CASES, name
        CASES[name] = work
        return work

    return keep


def request(name: str, *, method: str = "GET", extra: str = "", **changes: str | None) -> None:
    """A case that is one authorization request."""

    @case(f"authorize: {name}")
    async def _(provider: Provider) -> str:
        return await provider.authorize(method=method, extra=extra, **changes)


def redemption(name: str, *, client: str = "web", by: str | None = "web", **changes: str | None) -> None:
    """A case that redeems a fresh code of `client`, spoiled by `changes`, with the credentials of `by`."""

    @case(f"code: {name}")
    async def _(provider: Provider) -> str:
        form = {**await provider.code(client), **changes}
        return await provider.token({n: value for n, value in form.items() if value is not None}, client=by)


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

redemption("good")
redemption("by POST credentials", client="poster", by="poster")
redemption("by a public client", client="app", by="app")
redemption("verifier missing", code_verifier=None)
redemption("verifier wrong", code_verifier="w" * 43)
redemption("verifier of 42 letters", code_verifier="w" * 42)
redemption("verifier of 129 letters", code_verifier="w" * 129)
redemption("redirect_uri missing", redirect_uri=None)
redemption("redirect_uri another one", redirect_uri=f"{WEB}?kept=1")
redemption("code missing", code=None)
redemption("code unknown", code="c" * 43)
redemption("grant_type missing", grant_type=None)
redemption("grant_type unknown", grant_type="telepathy")
redemption("grant_type password", grant_type="password")
redemption("grant that the client may not use", grant_type="client_credentials")
redemption("of another client", by="other")
redemption("without client authentication", by=None)


@case("code: twice")
async def _(provider: Provider) -> str:
    form = await provider.code()
    first = await provider.call("token", form)
    second = await provider.token(form)
    afterwards = await provider.http.get(
        provider.paths["userinfo"], headers={"Authorization": f"Bearer {first.json()['access_token']}"}
    )
    return f"{second}; the first token: {answer_of(afterwards)}"


@case("code: after a wrong verifier")
async def _(provider: Provider) -> str:
    form = await provider.code()
    spoiled = await provider.token(form | {"code_verifier": "w" * 43})
    return f"{spoiled}; then {await provider.token(form)}"


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


# client authentication, asked where nothing else is needed

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


# refresh


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


# resources, introspection, revocation


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


DIFFERENCES: dict[str, tuple[str, str, str]] = {}
"""By case: our words, theirs, and why."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, FakeClock()) as made:
        for client in CLIENTS:
            await made.idp.register_client(_new(client), SYSTEM)
        yield made


def _new(client: dict[str, object]) -> NewClient:
    given = metadata_of(client)
    return NewClient(
        Text(given["client_id"], given["client_id"]),
        given["client_id"],
        redirect_uris=tuple(given["redirect_uris"]),
        auth_method=ClientAuthMethod(given.get("token_endpoint_auth_method", "client_secret_basic")),
        grants=frozenset(GrantType(grant) for grant in given["grant_types"]),
        scopes=frozenset(given["scope"].split()),
        secret=given.get("client_secret"),
    )


@contextlib.asynccontextmanager
async def both(world: IdpWorld) -> AsyncIterator[Callable[[], tuple[Provider, Provider]]]:
    """Makes the two, each time with new browsers."""
    app = idp_app(world)
    clients = [metadata_of(client) for client in CLIENTS]
    async with peer_provider({"clients": clients, "scopes": SCOPES, "resource": RESOURCE}) as issuer:

        def fresh() -> tuple[Provider, Provider]:
            ours = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ISSUER)
            theirs = httpx.AsyncClient(base_url=issuer, trust_env=False)
            person = (world.lin.number, world.lin.password)
            return (
                Provider("ours", ours, ISSUER, OURS, ISSUER, ("/login", "/consent", "/authorize/resume"), person),
                Provider("theirs", theirs, issuer, THEIRS, RESOURCE, ("/interaction/",)),
            )

        yield fresh


async def test_the_same_request_has_the_same_answer_or_a_reason(world: IdpWorld, pytestconfig: pytest.Config) -> None:
    seen: dict[str, tuple[str, str]] = {}
    try:
        async with both(world) as fresh:
            for name, work in CASES.items():
                ours, theirs = fresh()
                async with ours.http, theirs.http:
                    seen[name] = (await work(ours), await work(theirs))
    except BackendMissing as missing:
        if pytestconfig.getoption("--require-backends"):
            pytest.fail(f"a required backend is missing: {missing}", pytrace=False)
        pytest.skip(str(missing))
    unexplained = {name: words for name, words in seen.items() if words[0] != words[1] and name not in DIFFERENCES}
    other = {name: seen[name] for name, words in DIFFERENCES.items() if seen[name] != words[:2]}
    lines = [f"{name}: {words}" for name, words in (unexplained | other).items()]
    assert not lines, "\n".join(lines)
