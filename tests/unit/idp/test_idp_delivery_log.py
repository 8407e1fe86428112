"""What those who look after a portal see of its logout notices: who sees it, what it holds, another try."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.idp_browser import Browser
from tests.support.registration_http import RegistrationWorld, registration_world

NOTICES = "/v1/clients/portal-a/logout-notices"


@pytest.fixture
async def there(tmp_path: Path, clock: FakeClock) -> AsyncIterator[RegistrationWorld]:
    async with registration_world(tmp_path, clock) as world:
        yield world


async def log_out(there: RegistrationWorld) -> None:
    browser = Browser(there.world)
    await browser.enter(there.world.portal_a, there.world.lin)
    await browser.http.post("/logout")


async def read(there: RegistrationWorld, **params: Any) -> dict[str, Any]:
    answer = await there.call("system", "GET", NOTICES, params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_each_notice_with_its_fate_and_the_portals_health(there: RegistrationWorld) -> None:
    await log_out(there)
    there.world.clock.advance(1)
    there.world.messenger.answer = lambda _uri: "status-400 invalid_request"
    await log_out(there)
    said = await read(there)
    failed, arrived = said["items"]
    assert (arrived["state"], arrived["attempts"], arrived["last_result"]) == ("delivered", 1, "delivered")
    assert (failed["state"], failed["last_result"]) == ("pending", "status-400 invalid_request")
    assert arrived["due_at"] is None
    assert failed["due_at"] is not None
    health = said["health"]
    assert (health["delivered"], health["pending"], health["failures_in_row"]) == (1, 1, 1)
    assert there.world.lin.number not in str(said)
    assert there.world.lin.account_id not in str(said), "a portal's people know the pseudonym only"


async def test_pages_go_on_where_the_last_one_ended(there: RegistrationWorld) -> None:
    for _ in range(3):
        await log_out(there)
    first = await read(there, limit=2)
    rest = await read(there, limit=2, cursor=first["next_cursor"])
    found = [one["id"] for one in (*first["items"], *rest["items"])]
    assert len(set(found)) == 3
    assert found == sorted(found, reverse=True)
    assert rest["next_cursor"] is None
    assert (await there.call("system", "GET", NOTICES, params={"cursor": "x"})).status_code == 400


async def test_one_that_was_given_up_is_sent_once_more(there: RegistrationWorld) -> None:
    there.world.messenger.answer = lambda _uri: "address-refused"
    await log_out(there)
    (given_up,) = (await read(there))["items"]
    assert given_up["state"] == "given-up", "no later attempt could end otherwise"
    there.world.messenger.answer = lambda _uri: "delivered"
    again = await there.call("system", "POST", f"{NOTICES}/{given_up['id']}/retry")
    assert again.status_code == 204
    (arrived,) = (await read(there))["items"]
    assert (arrived["state"], arrived["attempts"]) == ("delivered", 1)
    assert (await there.call("system", "POST", f"{NOTICES}/{given_up['id']}/retry")).status_code == 404
    (event,) = await there.world.audit("logout.try-again")
    assert event.content["subject"] == given_up["id"]


async def test_o_68_only_those_who_look_after_the_portal_see_it(there: RegistrationWorld) -> None:
    await log_out(there)
    seen = {}
    for who in [*there.people, None]:
        client = await there.call(who, "GET", "/v1/clients/portal-a")
        answer = await there.call(who, "GET", NOTICES)
        retry = await there.call(who, "POST", f"{NOTICES}/lgo_unknown/retry")
        assert answer.status_code == client.status_code, who
        assert retry.status_code == (404 if client.status_code == 200 else client.status_code), who
        seen[who] = answer.status_code
    assert seen[None] == 401
    assert set(seen.values()) >= {200, 401, 403}
