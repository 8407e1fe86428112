"""Our own provider as the upstream one: a second instance, known only by its public protocols.

Whatever its discovery offers is used: PAR, private_key_jwt, iss, back-channel log-out; the mapping is data.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod
from idp.settings import IdpSettings
from idp.upstream.model import ClaimMapping, UpstreamAuthMethod
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser, idp_app
from tests.support.idp_world import IdpWorld, Somebody, embedded_world
from tests.support.upstream_world import UpstreamWorld, described, upstream_world

THEIRS, OURS = "https://id.above.test", "https://id.example.test"
MAPPING = ClaimMapping(id_number="id_number", name="name", level="real_name_level", levels={"2": 2, "3": 3})


@dataclass
class TwoCities:
    """Ours, and the one above."""

    ours: UpstreamWorld
    above: IdpWorld


@pytest.fixture
async def cities(tmp_path: Path, clock: FakeClock) -> AsyncIterator[TwoCities]:
    for name in ("ours", "above"):
        (tmp_path / name).mkdir()
    async with upstream_world(tmp_path / "ours", clock) as ours:
        settings = IdpSettings(issuer=THEIRS)
        async with embedded_world(tmp_path / "above", clock, settings=settings, fetcher=ours.network) as above:
            ours.network.apps[urlsplit(THEIRS).netloc] = idp_app(above)
            ours.network.apps[urlsplit(OURS).netloc] = ours.app
            yield TwoCities(ours, above)


async def registered(cities: TwoCities, method: ClientAuthMethod) -> None:
    """We at them, and they with us."""
    at = f"{OURS}/upstream/above"
    by_key = method is ClientAuthMethod.PRIVATE_KEY_JWT
    new = NewClient(
        Text("示例市", "Example City"),
        "example-city",
        redirect_uris=(f"{at}/callback",),
        post_logout_redirect_uris=(f"{at}/logged-out",),
        backchannel_logout_uri=f"{at}/backchannel-logout",
        auth_method=method,
        scopes=frozenset({"openid", "realname"}),
        id_token_alg=SignatureAlgorithm.ES256,
        realname_approved=True,
        sector="example-city",
        **({"metadata": ClientMetadata(jwks_uri=f"{OURS}/upstream/jwks")} if by_key else {}),
    )
    secret = (await cities.above.idp.register_client(new, SYSTEM)).secret
    wish = described(
        "above",
        THEIRS,
        client_id="example-city",
        auth_method=UpstreamAuthMethod(method.value),
        client_secret=None if by_key else secret,
        scopes=("openid", "realname"),
        mapping=MAPPING,
    )
    await cities.ours.idp.idp.upstream.providers.put(wish, SYSTEM)


async def through(cities: TwoCities, there: Browser, ours: Browser, somebody: Somebody) -> httpx.Response:
    """From our log-in page to theirs and back."""
    departed = await ours.http.get("/upstream/above/log-in")
    location = departed.headers["location"]
    assert location.startswith(f"{THEIRS}/authorize")
    for _ in range(6):
        answer = await there.http.get(location.removeprefix(THEIRS))
        location = answer.headers["location"]
        if location.startswith(OURS):
            return await ours.http.get(location.removeprefix(OURS))
        if location.startswith("/login"):
            location = (await there.log_in(somebody, location)).headers["location"]
        elif location.startswith("/consent"):
            location = (await there.http.post(location, data={"decision": "grant"})).headers["location"]
    raise AssertionError("too many redirects")


def browsers(cities: TwoCities) -> tuple[Browser, Browser]:
    app = cities.ours.network.apps[urlsplit(THEIRS).netloc]
    there = Browser(cities.above, app)
    there.http.base_url = httpx.URL(THEIRS)
    return there, cities.ours.browser()


@pytest.mark.parametrize("method", [ClientAuthMethod.BASIC, ClientAuthMethod.PRIVATE_KEY_JWT])
async def test_our_own_provider_above_us(cities: TwoCities, method: ClientAuthMethod) -> None:
    await registered(cities, method)
    there, ours = browsers(cities)
    answer = await through(cities, there, ours, cities.above.lin)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me"), answer.text
    principal = await cities.ours.idp.idp.sessions.principal(ours.session_cookie)
    assert principal is not None
    assert principal.id == cities.ours.idp.lin.account_id, "found by the same ID number and name"
    assert cities.ours.network.count("/userinfo") == 1


async def test_what_they_offer_is_used_and_holds(cities: TwoCities) -> None:
    await registered(cities, ClientAuthMethod.BASIC)
    upstream = cities.ours.idp.idp.upstream
    findings = await upstream.check(await upstream.providers.get("above"))
    assert [one.good for one in findings] == [True, True, True], findings
    there, ours = browsers(cities)
    await through(cities, there, ours, cities.above.lin)
    pushed = cities.ours.network.count("/par")
    assert pushed >= 1


async def test_their_log_out_ends_ours(cities: TwoCities) -> None:
    await registered(cities, ClientAuthMethod.BASIC)
    there, ours = browsers(cities)
    await through(cities, there, ours, cities.above.lin)
    await cities.above.idp.log_out(there.session_cookie)
    [(uri, token)] = cities.above.messenger.sent
    assert uri == f"{OURS}/upstream/above/backchannel-logout"
    answer = await ours.http.post("/upstream/above/backchannel-logout", data={"logout_token": token})
    assert answer.status_code == 200, answer.text
    assert await cities.ours.idp.idp.sessions.principal(ours.session_cookie) is None


async def test_our_log_out_ends_theirs(cities: TwoCities) -> None:
    await registered(cities, ClientAuthMethod.BASIC)
    there, ours = browsers(cities)
    await through(cities, there, ours, cities.above.lin)
    farewell = await cities.ours.idp.idp.log_out(ours.session_cookie)
    ours.http.cookies.delete("__Host-yz_session")
    page = (await ours.http.get(f"/logged-out?f={farewell}")).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert csrf is not None
    form = (await ours.http.post("/upstream/goodbye", data={"csrf": csrf[1], "f": str(farewell)})).text
    fields = dict(re.findall(r'type="hidden" name="([a-z_]+)" value="([^"]+)"', form))
    done = await there.http.post("/end-session", data=fields)
    assert done.headers["location"] == f"{OURS}/upstream/above/logged-out"
    assert await cities.above.idp.sessions.principal(there.session_cookie) is None
