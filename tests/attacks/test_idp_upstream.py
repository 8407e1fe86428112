"""Attacks on the log-in through upstream providers (rows O-11, O-19, O-30, O-50, O-51, O-57), each with its twin."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from core.principal import SYSTEM
from idp.model import AccountStatus, StaffRole
from idp.upstream.mapping import person_of
from idp.upstream.model import ProviderStatus, TrustClass
from tests.support.clock import FakeClock
from tests.support.idp_browser import Pkce, query_of
from tests.support.idp_world import citizen_number
from tests.support.upstream_world import (
    Twist,
    UpstreamBrowser,
    UpstreamWorld,
    of,
    person,
    query,
    upstream_world,
)

EVIL = "https://id.evil.test"


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock) as made:
        yield made


async def assert_refused(world: UpstreamWorld, browser: UpstreamBrowser, answer: Any, status: int = 403) -> None:
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert browser.session_cookie is None
    assert await world.links(world.idp.lin.account_id) == []


# -- what the provider signs ------------------------------------------------------------------------------------


def set_to(**changes: Any) -> Twist:
    return lambda claims: {name: value for name, value in (claims | changes).items() if value is not None}


def later(name: str, seconds: float) -> Twist:
    return lambda claims: claims | {name: claims[name] + seconds}


FORGED_CLAIMS: dict[str, Twist] = {
    "iss of another": set_to(iss=EVIL),
    "iss with a slash": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "aud of another": set_to(aud="other-city"),
    "aud of several": set_to(aud=["city", "other-city"]),
    "aud of several with azp": set_to(aud=["city", "other-city"], azp="city"),
    "azp of another": set_to(azp="other-city"),
    "nonce of another": set_to(nonce="replayed"),
    "no nonce": set_to(nonce=None),
    "no sub": set_to(sub=None),
    "empty sub": set_to(sub=""),
    "long sub": set_to(sub="s" * 256),
    "sub not a text": set_to(sub=7),
    "no exp": set_to(exp=None),
    "expired": lambda claims: claims | {"exp": claims["iat"] - 61, "iat": claims["iat"]},
    "exp far away": later("exp", 90_000),
    "no iat": set_to(iat=None),
    "iat from before": later("iat", -61),
    "iat to come": later("iat", 61),
    "no auth_time": set_to(auth_time=None),
    "auth_time to come": later("auth_time", 61),
    "auth_time too old": later("auth_time", -43_262),
    "auth_time not a number": set_to(auth_time="now"),
    "auth_time true": set_to(auth_time=True),
    "at_hash of another": set_to(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "sid not a text": set_to(sid=["s"]),
    "sub that is no text in any encoding": set_to(sub="\ud800"),
    "sid that is no text in any encoding": set_to(sid="\ud800"),
    "nonce that is no text in any encoding": set_to(nonce="\ud800"),
    "sub with control characters": set_to(sub="person-lin\x00"),
    "nbf to come": lambda claims: claims | {"nbf": claims["iat"] + 61},
}
ALLOWED_CLAIMS: dict[str, Twist] = {
    "aud as a list of us": set_to(aud=["city"]),
    "azp is us": set_to(azp="city"),
    "no at_hash": set_to(at_hash=None),
    "a little early": later("iat", 59),
    "auth_time a while ago": later("auth_time", -43_199),
    "no sid": set_to(sid=None),
    "more claims": set_to(phone_number="13800000001", email="lin@example.test"),
}


@pytest.mark.parametrize("case", FORGED_CLAIMS)
async def test_o_30_an_id_token_that_is_not_for_this_log_in(world: UpstreamWorld, case: str) -> None:
    world.province.stand_in.twists["id_claims"] = FORGED_CLAIMS[case]
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))
    refused = [row for row in await world.idp.audit("session.start") if row.content["outcome"] == "refused"]
    assert refused[-1].content["detail"]["provider"] == "province"


@pytest.mark.parametrize("case", ALLOWED_CLAIMS)
async def test_o_30_twin_what_the_specification_allows(world: UpstreamWorld, case: str) -> None:
    world.province.stand_in.twists["id_claims"] = ALLOWED_CLAIMS[case]
    browser = world.browser()
    assert (await browser.log_in_at(world.province)).status_code == 303
    assert await browser.who() == world.idp.lin.account_id


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def by_a_foreign_key(claims: dict[str, Any]) -> str:
    key = ECKey.generate_key("P-256", {"kid": "k"})  # type: ignore[arg-type]  # as joserfc takes it
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, key, ["ES256"])


def with_its_key_inside(claims: dict[str, Any]) -> str:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key, ["ES256"])


def by_the_client_secret(claims: dict[str, Any]) -> str:
    from tests.support.upstream_world import SECRET

    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode()), ["HS256"])


@pytest.mark.parametrize("sign", [unsigned, by_a_foreign_key, with_its_key_inside, by_the_client_secret])
async def test_o_30_an_id_token_by_no_key_of_the_provider(world: UpstreamWorld, sign: Twist) -> None:
    world.province.stand_in.twists["sign"] = sign
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))


async def test_o_30_an_algorithm_that_is_not_on_the_list(world: UpstreamWorld) -> None:
    people = (of(world.idp.lin, "lin"),)
    strict = await world.add("strict", "https://id.strict.test", people, algorithm="RS256", algorithms=("ES256",))
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(strict))
    twin = await world.add("twin", "https://id.twin.test", people, algorithm="RS256", algorithms=("RS256",))
    assert (await browser.log_in_at(twin)).status_code == 303


async def test_o_30_a_logout_token_is_no_id_token(world: UpstreamWorld) -> None:
    world.province.stand_in.twists["typ"] = lambda _typ: "logout+jwt"
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))


async def test_unknown_keys_do_not_make_us_ask_without_end(world: UpstreamWorld) -> None:
    world.province.stand_in.twists["sign"] = by_a_foreign_key
    for _ in range(5):
        await world.browser().log_in_at(world.province)
    assert world.network.count("/jwks") <= 2


@pytest.mark.parametrize(
    ("case", "twist"),
    {
        "somebody else's userinfo": ("userinfo", set_to(sub="person-zhao")),
        "userinfo without sub": ("userinfo", set_to(sub=None)),
        "no token type": ("token", set_to(token_type=None)),
        "another token type": ("token", set_to(token_type="DPoP")),
        "no ID token": ("token", set_to(id_token=None)),
        "no access token": ("token", set_to(access_token=None)),
        "an ID token that is a list": ("token", set_to(id_token=["a", "b"])),
    }.items(),
)
async def test_an_answer_that_is_not_whole(world: UpstreamWorld, case: str, twist: tuple[str, Twist]) -> None:
    world.province.stand_in.twists[twist[0]] = twist[1]
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))


@pytest.mark.parametrize(
    "twist",
    [
        set_to(issuer=EVIL),
        set_to(jwks_uri=None),
        set_to(token_endpoint="http://id.province.test/token"),
        set_to(authorization_endpoint="javascript:alert(1)"),
        set_to(authorization_endpoint="https://user@id.province.test/authorize"),
        set_to(token_endpoint=["https://id.province.test/token"]),
    ],
)
async def test_o_19_metadata_that_leads_astray(world: UpstreamWorld, twist: Twist) -> None:
    world.province.stand_in.twists["metadata"] = twist
    answer = await world.browser().depart(world.province)
    assert answer.status_code == 503
    assert all(url.startswith("https://id.province.test/.well-known") for _, url in world.network.asked)


# -- the answer in the browser -----------------------------------------------------------------------------------


async def test_o_11_an_answer_of_another_server(world: UpstreamWorld) -> None:
    """The person chose the province, but the answer says that it comes from elsewhere: a mix-up."""
    world.province.stand_in.twists["answer"] = set_to(iss=EVIL)
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))
    assert world.network.count("/token") == 0, "the code was sent nowhere"


async def test_o_11_an_answer_that_does_not_say_who_although_it_should(world: UpstreamWorld) -> None:
    world.province.stand_in.twists["answer"] = set_to(iss=None)
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))
    assert world.network.count("/token") == 0


async def test_o_11_a_code_brought_to_another_providers_address(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    crossed = back.replace("/upstream/province/", "/upstream/university/")
    await assert_refused(world, browser, await browser.http.get(crossed), 404)
    assert world.network.count("/token") == 0
    assert (await browser.http.get(back)).status_code == 303, "the right one still works"


async def test_o_50_an_answer_in_another_browser(world: UpstreamWorld) -> None:
    """The attacker goes to the provider with their own account and has the victim's browser open what came back."""
    attacker, victim = world.browser(), world.browser()
    back = await attacker.back(world.province, person="zhao")
    await assert_refused(world, victim, await victim.http.get(back), 404)
    assert (await attacker.http.get(back)).status_code == 303
    assert await attacker.who() == world.idp.zhao.account_id


async def test_o_50_a_portals_request_begun_elsewhere_cannot_be_finished_here(world: UpstreamWorld) -> None:
    attacker, victim = world.browser(), world.browser()
    begun = await attacker.authorize(world.idp.portal_a, Pkce())
    link = begun.headers["location"].removeprefix("/login")
    assert (await victim.depart(world.province, link)).status_code == 404
    assert (await attacker.depart(world.province, link)).status_code == 303


async def test_o_50_a_request_whose_cookie_was_swapped_meanwhile(world: UpstreamWorld) -> None:
    """The attempt is the browser's, but the portal's request is not (any more)."""
    browser = world.browser()
    begun = await browser.authorize(world.idp.portal_a, Pkce())
    flow = dict(browser.http.cookies)
    back = await browser.back(world.province, begun.headers["location"].removeprefix("/login"))
    for name in flow:
        browser.http.cookies.set(name, "A" * 32)
    await assert_refused(world, browser, await browser.http.get(back), 404)


async def test_o_51_an_answer_without_state_or_with_a_guessed_one(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    sent = query(back)
    for forged in (back.replace(sent["state"], "A" * 32), f"/upstream/province/callback?code={sent['code']}"):
        await assert_refused(world, browser, await browser.http.get(forged), 404)
    doubled = f"{back}&state={sent['state']}"
    await assert_refused(world, browser, await browser.http.get(doubled), 404)
    assert (await browser.http.get(back)).status_code == 303


async def test_an_answer_counts_once(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    answers = await asyncio.gather(*(browser.http.get(back) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 9
    assert world.network.count("/token") == 1


async def test_an_answer_that_comes_too_late(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    world.clock.advance(1801)
    await assert_refused(world, browser, await browser.http.get(back), 404)


async def test_a_provider_that_went_away_meanwhile(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    world.network.down.add("id.province.test")
    await assert_refused(world, browser, await browser.http.get(back), 503)
    world.network.down.clear()
    assert (await browser.log_in_at(world.province)).status_code == 303


async def test_a_provider_that_was_disabled_meanwhile(world: UpstreamWorld) -> None:
    browser = world.browser()
    back = await browser.back(world.province)
    await world.idp.idp.upstream.providers.change_status("province", ProviderStatus.DISABLED, SYSTEM)
    await assert_refused(world, browser, await browser.http.get(back), 404)
    assert (await browser.depart(world.province)).status_code == 404


async def test_a_log_in_makes_a_new_cookie_and_ends_another_persons_session(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in(world.idp.zhao)
    before = browser.session_cookie
    await browser.log_in_at(world.province)
    assert browser.session_cookie != before
    assert await world.idp.idp.sessions.principal(before) is None
    assert await browser.who() == world.idp.lin.account_id


@pytest.mark.parametrize("twist", [{"prompt": "login"}, {"max_age": "0"}])
async def test_a_provider_that_does_not_ask_again_although_it_should(
    world: UpstreamWorld, twist: dict[str, str]
) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province)
    world.clock.advance(600)
    asked = await browser.authorize(world.idp.portal_a, **twist)
    world.province.stand_in.twists["id_claims"] = later("auth_time", -600)
    answer = await browser.log_in_at(world.province, query=asked.headers["location"].removeprefix("/login"))
    assert answer.status_code == 403


async def test_a_required_class_must_be_met(world: UpstreamWorld) -> None:
    people = (of(world.idp.lin, "lin"),)
    strong = await world.add("strong", "https://id.strong.test", people, required_acrs=("urn:strong",))
    browser = world.browser()
    assert (await browser.log_in_at(strong)).status_code == 303
    for acr in ("urn:weak", None):
        strong.stand_in.twists["id_claims"] = set_to(acr=acr)
        assert (await world.browser().log_in_at(strong)).status_code == 403


async def test_starting_without_end_is_limited_for_one_place_only(world: UpstreamWorld) -> None:
    browser = world.browser()
    statuses = [(await browser.depart(world.province)).status_code for _ in range(125)]
    assert statuses.count(303) == 120
    assert set(statuses[120:]) == {429}
    assert (await world.browser(source="198.51.100.9").depart(world.province)).status_code == 303


# -- whose account it is (O-57) ----------------------------------------------------------------------------------


async def test_o_57_phone_e_mail_and_name_find_nobody(world: UpstreamWorld) -> None:
    """A provider of the class `linked` says all it can about lin: it is no more than a claim."""
    world.university.stand_in.twists["id_claims"] = set_to(
        phone_number=world.idp.lin.phone,
        phone_number_verified=True,
        email="lin@example.test",
        email_verified=True,
        name=world.idp.lin.name,
        identity={"card_number": world.idp.lin.number, "real_name": world.idp.lin.name, "level": "L3"},
    )
    browser = world.browser()
    answer = await browser.log_in_at(world.university, "s1")
    await assert_refused(world, browser, answer)
    assert "还没有绑定" in answer.text


@pytest.mark.parametrize(
    ("case", "identity"),
    {
        "name of another": lambda lin: {"card_number": lin.number, "real_name": "别人", "level": "L3"},
        "nobody checked": lambda lin: {"card_number": lin.number, "real_name": lin.name, "level": "L1"},
        "level unknown": lambda lin: {"card_number": lin.number, "real_name": lin.name, "level": "L9"},
        "level true": lambda lin: {"card_number": lin.number, "real_name": lin.name, "level": True},
        "no level": lambda lin: {"card_number": lin.number, "real_name": lin.name},
        "no name": lambda lin: {"card_number": lin.number, "level": "L3"},
        "no number": lambda lin: {"real_name": lin.name, "level": "L3"},
        "number not a text": lambda lin: {"card_number": int(lin.number[:15]), "real_name": lin.name, "level": "L3"},
        "name that is no text": lambda lin: {"card_number": lin.number, "real_name": "\ud800", "level": "L3"},
        "number that is no text": lambda lin: {"card_number": "\ud800", "real_name": lin.name, "level": "L3"},
        "number wrong": lambda lin: {"card_number": lin.number[:-1] + "Y", "real_name": lin.name, "level": "L3"},
        "not an object": lambda lin: "L3",
    }.items(),
)
async def test_o_57_a_number_alone_opens_no_account(world: UpstreamWorld, case: str, identity: Any) -> None:
    world.province.stand_in.twists["userinfo"] = lambda said: said | {"identity": identity(world.idp.lin)}
    browser = world.browser()
    status = 503 if "is no text" in case else 403  # JSON that no encoding can hold is none
    await assert_refused(world, browser, await browser.log_in_at(world.province), status)


async def test_o_57_two_sources_that_differ(world: UpstreamWorld) -> None:
    lin, zhao = (
        {"card_number": one.number, "real_name": one.name, "level": "L3"} for one in (world.idp.lin, world.idp.zhao)
    )
    world.province.stand_in.twists["id_claims"] = set_to(identity=zhao)
    browser = world.browser()
    await assert_refused(world, browser, await browser.log_in_at(world.province))
    world.province.stand_in.twists["id_claims"] = set_to(identity=lin)
    assert (await browser.log_in_at(world.province)).status_code == 303


@pytest.mark.parametrize("status", [AccountStatus.FROZEN, AccountStatus.CLOSED])
@pytest.mark.parametrize("linked", [True, False])
async def test_o_57_an_account_out_of_use_stays_shut(world: UpstreamWorld, status: AccountStatus, linked: bool) -> None:
    if linked:
        await world.browser().log_in_at(world.province)
    await world.idp.idp.change_account_status(world.idp.lin.account_id, status, SYSTEM)
    browser = world.browser()
    answer = await browser.log_in_at(world.province)
    assert answer.status_code == 403
    assert "已停用" in answer.text
    assert browser.session_cookie is None


async def test_o_57_an_office_account_is_linked_by_its_owner_only(world: UpstreamWorld) -> None:
    """The clerk's rights must not hang on what another operator writes into a register."""
    browser = world.browser()
    answer = await browser.log_in_at(world.province, "clerk")
    assert answer.status_code == 403
    await browser.log_in(world.idp.clerk)
    assert (await browser.link(world.province, "clerk")).headers["location"] == "/me/identities?linked=province"
    again = world.browser()
    assert (await again.log_in_at(world.province, "clerk")).status_code == 303
    assert await again.who() == world.idp.clerk.account_id


async def test_o_57_a_role_that_came_later_does_not_shut_the_owner_out(world: UpstreamWorld) -> None:
    await world.browser().log_in_at(world.province)
    role = StaffRole(world.idp.lin.account_id, world.idp.organisation, "clerk")
    await world.idp.idp.assign_staff_role(role, SYSTEM)
    assert (await world.browser().log_in_at(world.province)).status_code == 303


async def test_o_57_a_second_identity_there_does_not_take_the_account(world: UpstreamWorld) -> None:
    """Somebody else at the province got the same ID number into their record: the first link stands."""
    await world.browser().log_in_at(world.province)
    intruder = of(world.idp.lin, "intruder")
    world.province.stand_in.people["intruder"] = intruder
    browser = world.browser()
    answer = await browser.log_in_at(world.province, "intruder")
    assert answer.status_code == 403
    assert browser.session_cookie is None
    assert (await world.browser().log_in_at(world.province)).status_code == 303


async def test_o_57_an_identity_that_becomes_another_person_opens_nothing(world: UpstreamWorld) -> None:
    await world.browser().log_in_at(world.province)
    world.province.stand_in.people["lin"] = of(world.idp.zhao, "lin")
    browser = world.browser()
    assert (await browser.log_in_at(world.province)).status_code == 403
    assert browser.session_cookie is None


async def test_o_57_an_identity_that_becomes_a_namesake_opens_nothing(world: UpstreamWorld) -> None:
    await world.browser().log_in_at(world.province)
    world.province.stand_in.people["lin"] = person("lin", citizen_number(83), world.idp.lin.name)
    browser = world.browser()
    assert (await browser.log_in_at(world.province)).status_code == 403
    assert browser.session_cookie is None


async def test_o_57_no_claim_of_a_linked_provider_is_read_whatever_its_mapping_says(world: UpstreamWorld) -> None:
    """Registration refuses such a mapping; should one be there all the same, it is worth nothing."""
    linked = dataclasses.replace(world.province.provider, trust=TrustClass.LINKED)
    claims = world.province.stand_in.people["lin"].claims
    today = world.clock.now().date()
    assert person_of(linked, [claims], today=today) is None
    assert person_of(world.province.provider, [claims], today=today) is not None


async def test_o_57_linking_needs_a_log_in_just_now(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in(world.idp.lin)
    world.clock.advance(301)
    answer = await browser.link(world.university, "s1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?again=1&next=/me/identities")
    await browser.log_in(world.idp.lin)
    assert (await browser.link(world.university, "s1")).headers["location"] == "/me/identities?linked=university"
    assert await world.links(world.idp.lin.account_id) == ["university"]


async def test_o_57_single_sign_on_there_is_no_fresh_log_in_here(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province)
    world.clock.advance(600)
    await browser.log_in_at(world.province)  # silently, by the session that is there
    answer = await browser.link(world.university, "s1")
    assert answer.headers["location"] == "/login?again=1&next=/me/identities"
    await browser.log_in_at(world.province, query="?again=1&next=/me/identities")
    assert (await browser.link(world.university, "s1")).headers["location"] == "/me/identities?linked=university"


async def test_o_57_a_link_prepared_in_the_attackers_browser(world: UpstreamWorld) -> None:
    """The attacker would have the victim's identity at the university linked to the attacker's account."""
    attacker, victim = world.browser(), world.browser()
    await attacker.log_in(world.idp.zhao)
    page = await attacker.http.post("/me/identities/university/link", data=await attacker.form())
    location = page.text.partition('class="btn go" href="')[2].partition('"')[0].replace("&amp;", "&")
    back = await victim.choose(world.university, location, "s1")
    assert (await victim.http.get(back)).status_code == 404
    await victim.log_in(world.idp.lin)
    assert (await victim.http.get(back)).status_code == 404
    assert await world.links(world.idp.zhao.account_id) == []


async def test_o_57_a_link_is_for_the_session_that_asked(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in(world.idp.lin)
    page = await browser.http.post("/me/identities/university/link", data=await browser.form())
    location = page.text.partition('class="btn go" href="')[2].partition('"')[0].replace("&amp;", "&")
    back = await browser.choose(world.university, location, "s1")
    await browser.log_in(world.idp.zhao)
    assert (await browser.http.get(back)).status_code == 404
    assert await world.links(world.idp.zhao.account_id) == []


@pytest.mark.parametrize("path", ["/me/identities/university/link", "/me/identities/province/unlink"])
@pytest.mark.parametrize("fault", ["no token", "another's token", "another site", "not logged in"])
async def test_o_51_forms_that_are_not_ours(world: UpstreamWorld, path: str, fault: str) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province)
    form, headers = await browser.form(), {}
    if fault == "no token":
        form = {}
    elif fault == "another's token":
        other = world.browser()
        await other.log_in(world.idp.zhao)
        form = await other.form()
    elif fault == "another site":
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": EVIL}
    else:
        browser.http.cookies.delete("__Host-yz_session")
    answer = await browser.http.post(path, data=form, headers=headers)
    assert answer.status_code in (401, 403)
    assert await world.links(world.idp.lin.account_id) == ["province"]


async def test_o_57_an_identity_of_another_account(world: UpstreamWorld) -> None:
    first, second = world.browser(), world.browser()
    await first.log_in(world.idp.lin)
    await first.link(world.university, "s1")
    await second.log_in(world.idp.zhao)
    answer = await second.link(world.university, "s1")
    assert answer.status_code == 403
    assert "另一个一证账号" in answer.text
    assert await world.links(world.idp.zhao.account_id) == []
    assert (await second.link(world.university, "s2")).status_code == 303


async def test_o_57_a_realname_identity_of_another_person_is_not_linked(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in(world.idp.zhao)
    answer = await browser.link(world.province, "lin")
    assert answer.status_code == 403
    assert await world.links(world.idp.zhao.account_id) == []
    assert (await browser.link(world.province, "zhao")).status_code == 303


async def test_o_57_unlinked_means_unlinked(world: UpstreamWorld) -> None:
    """The province must not find the account by the number again, until its owner says so."""
    owner, elsewhere = world.browser(), world.browser()
    await elsewhere.log_in_at(world.province)
    await owner.log_in(world.idp.lin)
    assert (await owner.unlink(world.province)).headers["location"] == "/me/identities?unlinked=province"
    assert await elsewhere.who() is None, "sessions that were begun by it have ended"
    assert await owner.who() == world.idp.lin.account_id
    answer = await world.browser().log_in_at(world.province)
    assert answer.status_code == 403
    assert "解除过" in answer.text
    assert (await owner.link(world.province, "lin")).status_code == 303
    assert (await world.browser().log_in_at(world.province)).status_code == 303


async def test_o_57_the_only_way_in_is_kept(world: UpstreamWorld) -> None:
    browser = world.browser()
    await browser.log_in_at(world.province, "new")
    answer = await browser.unlink(world.province)
    assert answer.status_code == 403
    account = await browser.who()
    assert account is not None
    assert await world.links(account) == ["province"]
    await browser.link(world.university, "s1")
    assert (await browser.unlink(world.province)).status_code == 303
    assert await world.links(account) == ["university"]


async def test_two_providers_may_share_a_subject(world: UpstreamWorld) -> None:
    """The same `sub` at another provider is another identity."""
    twin = await world.add("twin", "https://id.twin.test", (person("lin", citizen_number(81), "同名"),))
    await world.browser().log_in_at(world.province)
    browser = world.browser()
    await browser.log_in_at(twin)
    assert await browser.who() not in (None, world.idp.lin.account_id)


async def test_nothing_of_a_person_is_kept_in_the_clear(world: UpstreamWorld, tmp_path: Path) -> None:
    browser = world.browser()
    world.province.stand_in.twists["id_claims"] = set_to(identity_card=world.idp.lin.number)
    await browser.log_in_at(world.province)
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*.db*"))
    assert b"person-lin" not in stored, "not even the provider's name for them"
    for secret in (world.idp.lin.number, "secret of the city"):
        assert secret.encode() not in stored


async def test_the_class_of_trust_is_no_wish_of_the_provider(world: UpstreamWorld) -> None:
    weak = await world.add("weak", "https://id.weak.test", (of(world.idp.lin, "lin"),), trust=TrustClass.LINKED)
    weak.stand_in.twists["id_claims"] = set_to(trust="realname", acr="urn:yizheng:loa:3")
    browser = world.browser()
    assert (await browser.log_in_at(weak)).status_code == 403
    await browser.log_in(world.idp.lin)
    await browser.link(weak, "lin")
    again = world.browser()
    await again.log_in_at(weak)
    visit = await world.idp.idp.sessions.find(again.session_cookie)
    assert visit is not None
    assert visit.session.acr == "urn:yizheng:loa:1", "a class that is not mapped counts as one factor"


async def test_idp_hint_leads_on_only_for_portals_that_may(world: UpstreamWorld) -> None:
    people = (of(world.idp.lin, "lin"),)
    await world.add("hinted", "https://id.hinted.test", people, hinting_clients=("portal-a",))
    registry = world.idp.idp.upstream.registry
    registry.forget()
    assert (await registry.hinted("hinted", "portal-a")) is not None
    assert (await registry.hinted("hinted", "portal-b")) is None
    assert (await registry.hinted("province", "portal-a")) is None
    assert (await registry.hinted("nobody", "portal-a")) is None
    asked = await world.browser().authorize(world.idp.portal_a, idp_hint="no such/../provider")
    assert asked.headers["location"].startswith("/login?i="), "an unknown wish is no error"
    assert "error" not in query_of(asked.headers["location"])
