"""Administration of upstream providers: the rules of a description, the API, the command line's work."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from api.cli import upstream_commands
from core.errors import Conflict, InvalidInput
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.upstream.description import check_description
from idp.upstream.mapping import acrs_to_ask, amr_of, read_claim, same_name
from idp.upstream.model import ClaimMapping, ProviderStatus, TrustClass, UpstreamAuthMethod
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.support.idp_world import ISSUER
from tests.support.upstream_world import SECRET, UpstreamWorld, described, upstream_world

REALNAME = ClaimMapping("id", "name", None, {}, 2)
GOOD: dict[str, dict[str, Any]] = {
    "as in the tests": {},
    "stated level": {"mapping": REALNAME},
    "private_key_jwt": {"auth_method": UpstreamAuthMethod.PRIVATE_KEY_JWT, "client_secret": None},
    "linked": {"trust": TrustClass.LINKED},
    "a path": {"issuer": "https://id.example.cn/realms/one"},
    "classes": {"mapping": dataclasses.replace(REALNAME, acrs={"urn:strong": "urn:yizheng:loa:2"})},
}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "id with a slash": ({"id": "a/b"}, "id"),
    "id of ours": ({"id": "jwks"}, "id"),
    "http": ({"issuer": "http://id.example.cn"}, "issuer"),
    "query": ({"issuer": "https://id.example.cn?x=1"}, "issuer"),
    "fragment": ({"issuer": "https://id.example.cn#x"}, "issuer"),
    "user": ({"issuer": "https://user@id.example.cn"}, "issuer"),
    "space": ({"issuer": "https://id.example.cn /x"}, "issuer"),
    "no host": ({"issuer": "https:///x"}, "issuer"),
    "no openid": ({"scopes": ("identity",)}, "scope"),
    "scope with a quote": ({"scopes": ("openid", 'a"b')}, "scope"),
    "no algorithm": ({"algorithms": ()}, "algorithms"),
    "secret and key": ({"auth_method": UpstreamAuthMethod.PRIVATE_KEY_JWT}, "client_secret"),
    "real names without a number": ({"mapping": dataclasses.replace(REALNAME, id_number=None)}, "mapping"),
    "real names without a level": ({"mapping": dataclasses.replace(REALNAME, stated_level=None)}, "mapping"),
    "a level claim without values": ({"mapping": dataclasses.replace(REALNAME, level="l")}, "mapping"),
    "only a level that nobody checked": ({"mapping": dataclasses.replace(REALNAME, stated_level=1)}, "mapping"),
    "level 4": ({"mapping": dataclasses.replace(REALNAME, stated_level=4)}, "mapping"),
    "a class that is not ours": ({"mapping": dataclasses.replace(REALNAME, acrs={"a": "urn:else"})}, "mapping"),
}


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[UpstreamWorld]:
    async with upstream_world(tmp_path, clock) as made:
        yield made


@pytest.mark.parametrize("case", GOOD)
def test_descriptions_that_keep_the_rules(case: str) -> None:
    check_description(described(**{"upstream_id": "one", "issuer": "https://id.one.test", **GOOD[case]}), secure=True)


@pytest.mark.parametrize("case", BAD)
def test_descriptions_that_break_a_rule(case: str) -> None:
    changes, place = BAD[case]
    one = dataclasses.replace(described("one", "https://id.one.test"), **changes)
    with pytest.raises(InvalidInput) as refused:
        check_description(one, secure=True)
    assert refused.value.field == place


def test_a_linked_provider_has_no_personal_claims() -> None:
    one = dataclasses.replace(described("one", "https://id.one.test"), trust=TrustClass.LINKED)
    with pytest.raises(InvalidInput):
        check_description(one, secure=True)


def test_http_is_for_development() -> None:
    check_description(described("one", "http://127.0.0.1:8000/demo"), secure=False)


def test_claims_are_named_or_pointed_to() -> None:
    claims = {"name": "a", "https://claims.test/level": "b", "deep": {"er": {"x/y": "c", "m~n": "d"}}, "list": ["e"]}
    found = [
        read_claim(claims, one)
        for one in ("name", "https://claims.test/level", "/deep/er/x~1y", "/deep/er/m~0n", "/list/0", "/no", "no")
    ]
    assert found == ["a", "b", "c", "d", None, None, None]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("林知远", "林知远", True),
        ("林 知远", "林知远 ", True),
        ("买买提·吐尔逊", "买买提•吐尔逊", True),
        ("买买提．吐尔逊", "买买提·吐尔逊", True),
        ("ＡＮＮ　ＬＥＥ", "Ann Lee", True),
        ("林知远", "林知元", False),
        ("林知远", "", False),
    ],
)
def test_names_however_they_are_typed(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_methods_of_others_are_passed_on_only_with_a_registered_meaning() -> None:
    assert amr_of(["pwd", "otp", "pwd", "their-own", 7]) == ("pwd", "otp")
    assert amr_of("pwd") == ()


async def test_classes_are_asked_for_by_their_names_there(world: UpstreamWorld) -> None:
    mapping = dataclasses.replace(
        world.province.provider.mapping, acrs={"s": "urn:yizheng:loa:2", "k": "urn:yizheng:loa:3"}
    )
    one = dataclasses.replace(world.province.provider, mapping=mapping, required_acrs=("r",))
    assert acrs_to_ask(one, ("urn:yizheng:loa:3", "urn:unknown")) == ("r", "k")


async def test_a_change_keeps_the_secret_and_counts_revisions(world: UpstreamWorld) -> None:
    providers = world.idp.idp.upstream.providers
    kept = described("province", "https://id.province.test", client_secret=None, scopes=("openid",))
    changed, new = await providers.put(kept, SYSTEM, revision=1)
    assert (changed.revision, new, changed.scopes) == (2, False, ("openid",))
    assert (await world.browser().log_in_at(world.province)).status_code == 303, "the secret is still right"
    with pytest.raises(Conflict, match="precondition-failed"):
        await providers.put(kept, SYSTEM, revision=1)
    moved = described("province", "https://id.elsewhere.test")
    with pytest.raises(Conflict, match="upstream-issuer-fixed"):
        await providers.put(moved, SYSTEM)
    with pytest.raises(Conflict, match="upstream-exists"):
        await providers.put(described("other", "https://id.province.test"), SYSTEM)
    with pytest.raises(InvalidInput):
        await providers.put(described("other", "https://id.other.test", client_secret=None), SYSTEM)
    actions = [row.content["action"] for row in await world.idp.audit() if row.content["subject"] == "province"]
    assert actions == ["upstream.register", "upstream.change"]


@pytest.mark.parametrize(
    ("fault", "bad"),
    [
        ({"metadata": lambda found: found | {"issuer": "https://id.evil.test"}}, "metadata"),
        ({"metadata": lambda found: found | {"jwks_uri": "https://id.province.test/nothing"}}, "keys"),
        ({"metadata": lambda found: found | {"token_endpoint": "https://id.province.test/jwks"}}, "credentials"),
    ],
)
async def test_the_connection_is_tried_step_by_step(world: UpstreamWorld, fault: Any, bad: str) -> None:
    upstream = world.idp.idp.upstream
    findings = await upstream.check(world.province.provider)
    assert [(one.step, one.good) for one in findings] == [("metadata", True), ("keys", True), ("credentials", True)]
    world.province.stand_in.twists |= fault
    findings = await upstream.check(world.province.provider)
    assert (findings[-1].step, findings[-1].good) == (bad, False)


async def test_a_wrong_secret_is_found_before_people_do(world: UpstreamWorld) -> None:
    wrong = described("province", "https://id.province.test", client_secret="not the secret of the city")
    made, _ = await world.idp.idp.upstream.providers.put(wrong, SYSTEM)
    finding = (await world.idp.idp.upstream.check(made))[-1]
    assert (finding.step, finding.good, finding.private) == (
        "credentials",
        False,
        "token endpoint: status 401, invalid_client",
    )


class Administration:
    """The API with an administrator's token, or anybody's."""

    def __init__(self, app: FastAPI, scopes: frozenset[str]) -> None:
        principal = Principal(PrincipalKind.STAFF, "acc_admin", scopes=scopes)

        async def authenticate(*_arguments: Any) -> Principal:
            return principal

        self.authenticate = authenticate
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url=ISSUER, headers={"Authorization": "Bearer t"}
        )


def body(**changes: Any) -> dict[str, Any]:
    return {
        "name": {"zh": "示例省二", "en": "Second Province"},
        "issuer": "https://id.second.test",
        "client_id": "city",
        "client_secret": SECRET,
        "trust": "realname",
        "scope": "openid identity",
        "mapping": {"id_number": "/identity/card", "name": "name", "level": "level", "levels": {"L2": 2}},
        "userinfo": True,
        **changes,
    }


async def test_the_api(world: UpstreamWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Administration(world.app, frozenset({"admin:security"}))
    monkeypatch.setattr(type(world.idp.idp.authenticate), "__call__", admin.authenticate)
    made = await admin.http.put("/v1/upstream-providers/second", json=body())
    assert made.status_code == 201, made.text
    assert made.headers["etag"] == '"1"'
    told = made.json()
    assert SECRET not in made.text
    assert told["register_there"]["redirect_uris"] == [f"{ISSUER}/upstream/second/callback"]
    stale = await admin.http.put("/v1/upstream-providers/second", json=body(), headers={"If-Match": '"7"'})
    assert stale.status_code == 412
    changed = await admin.http.put(
        "/v1/upstream-providers/second", json=body(client_secret=None), headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.json()["revision"]) == (200, 2)
    refused = await admin.http.put("/v1/upstream-providers/third", json=body(issuer="http://id.third.test"))
    assert (refused.status_code, refused.json()["field"]) == (400, "issuer")
    off = await admin.http.put("/v1/upstream-providers/second/status", json={"status": "disabled"})
    assert off.json()["status"] == "disabled"
    listed = (await admin.http.get("/v1/upstream-providers")).json()["items"]
    assert {one["id"] for one in listed} == {"province", "university", "second"}
    assert (await admin.http.get("/v1/upstream-providers/nobody")).status_code == 404
    tried = (await admin.http.post("/v1/upstream-providers/province/tests")).json()
    assert (tried["good"], [one["step"] for one in tried["steps"]]) == (True, ["metadata", "keys", "credentials"])


@pytest.mark.parametrize("scopes", [frozenset[str](), frozenset({"admin:system", "admin:audit", "licence:read"})])
async def test_the_api_is_for_security_administrators(
    world: UpstreamWorld, monkeypatch: pytest.MonkeyPatch, scopes: frozenset[str]
) -> None:
    nobody = Administration(world.app, scopes)
    monkeypatch.setattr(type(world.idp.idp.authenticate), "__call__", nobody.authenticate)
    calls = [
        await nobody.http.get("/v1/upstream-providers"),
        await nobody.http.get("/v1/upstream-providers/province"),
        await nobody.http.put("/v1/upstream-providers/second", json=body()),
        await nobody.http.put("/v1/upstream-providers/province/status", json={"status": "disabled"}),
        await nobody.http.post("/v1/upstream-providers/province/tests"),
    ]
    assert {answer.status_code for answer in calls} == {403}
    assert (await world.idp.idp.upstream.providers.get("province")).status is ProviderStatus.ACTIVE


def test_a_file_for_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "provider.json"
    file.write_text(json.dumps(body(id="second")), encoding="utf-8")
    one = upstream_commands.read_provider(file).described("second")
    assert (one.client_secret, one.algorithms) == (SECRET, (SignatureAlgorithm.ES256, SignatureAlgorithm.RS256))
    assert SECRET not in repr(one)
    file.write_text(json.dumps(body(id="second", secret="typed wrong")), encoding="utf-8")
    with pytest.raises(ValueError, match="not known"):
        upstream_commands.read_provider(file)
