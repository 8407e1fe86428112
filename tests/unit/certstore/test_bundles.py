"""Catalogues as files: what comes out goes in elsewhere, as a whole, once; and never touches what was issued."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certstore.bundle.form import bundle_form
from certstore.bundle.model import Action, Bundle, Part
from certstore.bundle.opening import BundleFile
from certstore.bundle.plan import Here, Reach, plan_of
from certstore.bundle.reading import read_bundle
from certstore.bundle.take_in import Taken
from certstore.definition import definition_of
from certstore.ports import SealAnchor
from certstore.templates.desk import TemplateDraft
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotPermitted
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from tests.support import databases
from tests.support.certstore_http import http
from tests.support.certstore_world import (
    HOME,
    HOUSING,
    ITEM,
    LIN,
    PERMIT,
    PERMIT_TYPE,
    PORTAL,
    RENTAL,
    World,
    face,
    schema,
    world,
)
from tests.support.clock import FakeClock

SOUND = """#show: licence.with(210mm, 297mm)
#title-block(128mm)
#for row in face.rows [#row.title：#value-of(row) \\ ]
#annotation()
"""
DRAFT = TemplateDraft("own-face", Text("自编版式", "Our own"), SOUND, SealAnchor(1, 152, 233))
SYSTEM_READER = Principal(
    PrincipalKind.STAFF, "acc_both", HOUSING, scopes=frozenset({"admin:system", "admin:security"})
)
KEEPER = Principal(PrincipalKind.STAFF, "acc_keeper", HOUSING, scopes=frozenset({"admin:system"}))
GUARD = Principal(PrincipalKind.STAFF, "acc_guard", HOUSING, scopes=frozenset({"admin:security"}))
NEWER = replace(
    PERMIT_TYPE,
    schema=schema({"district": face("区县", "District", "KZ_QX")}),
    template="own-face",
    numbering="居{serial:6}",
)
CHANGED_ITEM = replace(RENTAL, materials=(*RENTAL.materials[:3], replace(RENTAL.materials[3], number=7)))


@pytest.fixture
async def city(clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    """The installation that a catalogue is taken out of, with a database of its own."""
    folder = tmp_path / "first"
    folder.mkdir()
    async with databases.sqlite_database(folder, clock) as database, world(database, clock, folder) as made:
        yield made


@pytest.fixture
async def other(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    """The installation that takes in; once over each database."""
    async with world(database, clock, tmp_path / "other") as made:
        yield made


async def developed(city: World) -> dict[str, Any]:
    """A city whose catalogue went on: a template, a further version, a changed item, a changed grant."""
    await city.services.templates.publish(DRAFT, SYSTEM, before=0)
    await city.services.catalogue.register_type(NEWER, SYSTEM)
    await city.services.catalogue.put_item(CHANGED_ITEM, SYSTEM)
    grants = (await city.services.catalogue.grants(SYSTEM_READER)).items
    permit = next(one for one in grants if one.type_code == PERMIT)
    await city.services.catalogue.grant_use(replace(permit, fields=("district",)), SYSTEM)
    return await city.bundles.take_out(SYSTEM_READER, grants=True)


def sent(city: World, document: dict[str, Any]) -> BundleFile:
    """With the keys that the city publishes, for an installation that has others."""
    return BundleFile(document, city.presentation.declarations.jwks())


def actions(taken: Taken) -> dict[str, Action]:
    return {one.code: one.action for one in taken.differences if one.action is not Action.SAME}


async def test_a_catalogue_goes_over_as_a_whole_and_once(city: World, other: World) -> None:
    file = sent(city, await developed(city))
    old = await other.issue_permit()
    dry = await other.bundles.take_in(file, SYSTEM, dry=True)
    grant = f"{HOUSING}/{ITEM}/{PERMIT}"
    told = {"own-face": Action.ADD, PERMIT: Action.CHANGE, ITEM: Action.CHANGE, grant: Action.CHANGE}
    assert actions(dry) == told
    assert (await other.services.catalogue.licence_type(PERMIT)).version == 1
    done = await other.bundles.take_in(file, SYSTEM, expected=dry.plan)
    assert (done.done, actions(done)) == (True, told)
    mine, theirs = [
        [definition_of(one) for one in await each.services.catalogue.versions(PERMIT)] for each in (city, other)
    ]
    assert mine == theirs
    assert await other.services.catalogue.item(ITEM) == CHANGED_ITEM
    assert (await other.services.read.licence(old.id, LIN)).licence.current.data == HOME  # under the version of then
    assert (await other.services.read.original(old.id, LIN)).content.startswith(b"%PDF-")
    again = await other.bundles.take_in(file, SYSTEM)
    assert actions(again) == {}
    assert (await other.services.catalogue.licence_type(PERMIT)).version == 2
    with pytest.raises(Conflict, match="bundle-plan-moved"):  # what was compared is not what would be done now
        await other.bundles.take_in(file, SYSTEM, expected=dry.plan)


async def test_an_older_file_puts_nothing_back(city: World, other: World) -> None:
    older = sent(city, await city.bundles.take_out(KEEPER))
    await other.bundles.take_in(sent(city, await developed(city)), SYSTEM)
    taken = await other.bundles.take_in(older, KEEPER)
    assert actions(taken)[PERMIT] is Action.NEWER_HERE
    assert (await other.services.catalogue.licence_type(PERMIT)).numbering == "居{serial:6}"


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda c: c["types"][1]["versions"][-1].update(schema={"type": "object"}), "schema-invalid", PERMIT),
        (lambda c: c["types"][1]["versions"][-1].update(template="none@9"), "template-unknown", PERMIT),
        (lambda c: c["templates"][0]["versions"][0].update(source="#face.title"), "template-invalid", "own-face"),
        (
            lambda c: c["service_items"][0]["materials"][0].update(types=[PERMIT[:18] + "099"]),
            "licence-type-unknown",
            ITEM,
        ),
        (lambda c: c["grants"][0].update(fields=["nothing"]), "grant-invalid", ITEM),
        (lambda c: c["types"][0].update(extra=1), "bundle-invalid", "types[0]"),
        (lambda c: c["types"].append(c["types"][0]), "bundle-invalid", "types[3]"),
    ],
)
async def test_one_bad_entry_and_nothing_is_taken_in(
    city: World, spoil: Callable[[dict[str, Any]], object], code: str, said: str
) -> None:
    document = await developed(city)
    spoil(document["content"])
    await city.services.catalogue.retire_type(PERMIT, SYSTEM)  # so that there would be something to do
    with pytest.raises(InvalidInput) as refused:
        await city.bundles.take_in(BundleFile(document, unsigned=True), SYSTEM)
    assert (refused.value.code, said in refused.value.text.en) == (code, True)
    assert [one.version for one in await city.services.catalogue.versions(PERMIT)] == [3, 2, 1]


async def test_a_file_counts_as_it_was_signed_and_by_keys_that_are_known(city: World) -> None:
    document = await developed(city)
    sound = await city.bundles.take_in(BundleFile(document), KEEPER, dry=True)
    assert (sound.made_by, actions(sound)) == ("https://yizheng.example.gov.cn", {})
    keys = city.presentation.declarations.jwks()
    assert actions(await city.bundles.take_in(BundleFile(document, keys), KEEPER, dry=True)) == {}
    changed = copy.deepcopy(document)
    changed["content"]["types"][0]["versions"][0]["numbering"] = "改{serial:4}"
    reordered = copy.deepcopy(document)
    properties = reordered["content"]["types"][0]["versions"][0]["schema"]["properties"]
    reordered["content"]["types"][0]["versions"][0]["schema"]["properties"] = dict(reversed(properties.items()))
    faults = {
        "bundle-changed": (changed, reordered),
        "bundle-signature-unknown": ({**document, "signature": ""}, {**document, "signature": None}),
        "bundle-invalid": ({**document, "format": "other"}, [], {**document, "content": {"n": 2**70}}),
    }
    for code, spoilt in faults.items():
        for one in spoilt:
            with pytest.raises(InvalidInput) as refused:
                await city.bundles.take_in(BundleFile(one), KEEPER)
            assert refused.value.code == code
    for keys in ({"keys": []}, {"keys": 1}, {}):
        with pytest.raises(InvalidInput, match="bundle-signature-unknown"):
            await city.bundles.take_in(BundleFile(document, keys), KEEPER)
    with pytest.raises(InvalidInput, match="bundle-signature-unknown"):  # no administrator takes in without
        await city.bundles.take_in(BundleFile({**document, "signature": ""}, unsigned=True), KEEPER)


async def test_each_administrator_takes_in_their_own_part(city: World, other: World) -> None:
    file = sent(city, await developed(city))
    grant = f"{HOUSING}/{ITEM}/{PERMIT}"
    with pytest.raises(InvalidInput, match="grant-invalid"):  # the field that it grants is not here yet
        await other.bundles.take_in(file, GUARD)
    first = await other.bundles.take_in(file, KEEPER)
    assert (actions(first)[PERMIT], actions(first)[grant]) == (Action.CHANGE, Action.LEFT)
    second = await other.bundles.take_in(file, GUARD)
    assert actions(second) == {grant: Action.CHANGE}
    for nobody in (PORTAL, LIN):
        with pytest.raises(NotPermitted):
            await other.bundles.take_in(file, nobody)
        with pytest.raises(NotPermitted):
            await other.bundles.take_out(nobody)
    told = [(one["action"], one["outcome"]) for one in await other.events() if one["action"].startswith("catalogue.")]
    assert told.count(("catalogue.import", "done")) == 2
    assert told.count(("catalogue.import", "refused")) == 2
    assert told.count(("catalogue.export", "refused")) == 2


ALL = Reach(system=True, security=True)
_versions = st.lists(st.sampled_from("ABCD"), min_size=1, max_size=5)


def _bundle(words: list[str]) -> Bundle:
    return Bundle({}, {PERMIT: tuple(replace(PERMIT_TYPE, numbering=f"{one}{{serial:4}}") for one in words)}, {})


@given(_versions, st.lists(st.sampled_from("ABCD"), max_size=5))
def test_versions_are_added_behind_ours_and_never_twice(theirs: list[str], ours: list[str]) -> None:
    bundle = _bundle(theirs)
    mine = list(_bundle(ours).types[PERMIT]) if ours else []
    plan = plan_of(bundle, Here({}, {PERMIT: mine}, {}, {}), ALL)
    assert [number for number, _ in plan.types] == list(range(len(mine) + 1, len(mine) + 1 + len(plan.types)))
    after = [*mine, *(one for _, one in plan.types)]
    if plan.types:
        assert after[-1] == bundle.types[PERMIT][-1]
    if not ours:
        assert tuple(after) == bundle.types[PERMIT]
    again = plan_of(bundle, Here({}, {PERMIT: after}, {}, {}), ALL)
    assert (again.types, {one.part for one in again.differences}) == ((), {Part.TYPE})


async def test_what_is_written_is_read_as_it_was(city: World) -> None:
    content = (await developed(city))["content"]
    assert bundle_form(read_bundle(content)) == content


async def test_over_http_a_dry_run_tells_what_differs(city: World) -> None:
    document = await developed(city)
    async with http(city) as web:
        taken = await web.get("/v1/catalogue/bundle", "keeper")
        assert taken.json()["content"]["types"] == document["content"]["types"]
        assert "grants" not in taken.json()["content"]
        assert 'filename="catalogue-20' in taken.headers["Content-Disposition"]
        await city.services.catalogue.register_type(PERMIT_TYPE, SYSTEM)
        await city.services.catalogue.put_item(RENTAL, SYSTEM)
        body: dict[str, Any] = {"bundle": taken.json(), "dry_run": True}
        told = (await web.post("/v1/catalogue/imports", "keeper", body)).json()
        item = next(one for one in told["differences"] if one["code"] == ITEM)
        assert (item["action"], [one["member"] for one in item["changes"]]) == (
            "change",
            ["materials.7", "materials.4"],
        )
        permit = next(one for one in told["differences"] if one["code"] == PERMIT)
        assert permit["action"] == "newer-here"
        done = await web.post("/v1/catalogue/imports", "keeper", body | {"dry_run": False, "plan": told["plan"]})
        assert (done.status_code, done.json()["done"]) == (200, True)
        assert await city.services.catalogue.item(ITEM) == CHANGED_ITEM
        for bad in (b"", b"[]", b'{"bundle":{},"more":1}', b'{"bundle":{},"dry_run":1}', b'{"bundle":{}}'):
            assert (await web.call("POST", "/v1/catalogue/imports", "keeper", content=bad)).status_code == 400
        huge = await web.call("POST", "/v1/catalogue/imports", "keeper", content=b"1" * (8 << 20) + b"1")
        assert huge.status_code in (413, 429)
