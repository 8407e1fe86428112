"""L-15 beyond `/v1`: pages, the adapters under `/exchange`, registers and an office's own lists.

Wherever somebody else than the holder is told of a person there is a record that the holder sees, and an event; the
holder's own looks, and every step, are events. Pages are walked from their routes: a new one is judged by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from certstore.stores.tables import access_record
from core.audit.tables import audit_event
from core.db.database import Database
from tests.attacks import test_licence_exchange_authorisation as adapters
from tests.attacks.test_licence_audit_completeness import PERSONAL
from tests.attacks.test_licence_authorisation import IMPORTS, REGISTER, Stage, set_up
from tests.attacks.test_licence_life_authorisation import OWN_LISTS
from tests.support.certstore_http import http
from tests.support.certstore_pages import Pages, pages
from tests.support.certstore_world import BASIS, CASE, HOUSING, ITEM, LIN_NUMBER, PERMIT, PROPERTY, World, world
from tests.support.clock import FakeClock

stage = adapters.stage
OWN = "/me/licences/{licence_id}"
OFFICE = "/office/licences/{licence_id}"
LOOKS = {  # the page tells somebody who is not the holder of the holder's licence: who is the first of those who may
    f"{OWN}/attachments/{{attachment_id}}": "land",
    f"{OWN}/original": "land",
    f"{OWN}/share": "land",
    "/me/objections/{objection_id}": "land",
    "/me/objections/{objection_id}/evidence": "land",
    OFFICE: "land",
    f"{OFFICE}/original": "land",
    f"{OFFICE}/versions/{{number}}/original": "land",
    f"{OFFICE}/{{step}}": "land",
    "/office/objections/{objection_id}": "land",
    "/office/objections/{objection_id}/evidence": "land",
}
QUIET = (  # forms and the catalogue: nobody is named; pictures and states of what its own page has recorded
    "/clerk", "/clerk/licences", "/clerk/read", "/office/catalogue", "/office/imports", "/office/inspections",
    "/office/issue", "/office/items", "/office/items/new", "/office/items/{code}",
    "/office/items/{code}/materials/{number}", "/office/subscriptions",
    "/office/templates", "/office/types", "/office/types/new", "/office/types/{code}", "/shared/{share_id}", "/verify",
    f"{OWN}/pages/{{number}}.png", f"{OWN}/show/state",
)  # fmt: skip
ELSEWHERE = {"/me": "asks the identity provider too; walked in the browser (`tests/e2e/test_pages_citizen.py`)"}


@pytest.fixture
async def city(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[World]:
    async with world(sqlite_database, clock, tmp_path) as made:
        yield made


class Counted:
    """How many looks and which events came since it was made."""

    def __init__(self, city: World) -> None:
        self._city, self._before = city, (0, 0)

    async def start(self) -> Counted:
        self._before = (await self._city.rows(access_record), await self._city.rows(audit_event))
        return self

    async def since(self) -> tuple[int, list[str]]:
        looks = await self._city.rows(access_record) - self._before[0]
        return looks, [one["action"] for one in (await self._city.events())[self._before[1] :]]


def filled(stage: Stage, path: str) -> str | None:
    """An address; None for pages that only a form leads to, whose token nobody knows beforehand."""
    if "{token}" in path:
        return None
    parts = {"proposal_id": "pro_x", "draft_id": "dra_x", "import_id": "imp_x", "step": "renew", "version": "1"}
    path = path.replace("{name}", "certificate").replace("{organisation}/{type_code}", f"{HOUSING}/{PERMIT}")
    for name, value in (parts | {"type_code": PERMIT, "event": "revoke"}).items():
        path = path.replace("{" + name + "}", value)
    return stage.fill(path.replace("/office/items/{code}", f"/office/items/{ITEM}"))


def personal(answer: httpx.Response) -> bool:
    return any(word in answer.text for word in PERSONAL)


async def test_l15_every_page_that_tells_of_somebody_leaves_its_trace(city: World) -> None:
    looked, seen = set(), set()
    async with http(city) as web, pages(city) as shown:
        stage = await set_up(city, web)
        for path in sorted({path for method, path in shown.routes if method == "GET"} - set(ELSEWHERE)):
            if (address := filled(stage, path)) is None:
                continue
            for who in ("lin", "land", "clerk", "keeper"):
                counted = await Counted(city).start()
                answer = await shown.get(address, who)
                looks, events = await counted.since()
                where = (path, who, answer.status_code, looks, events)
                if answer.status_code >= 300:
                    assert not personal(answer), where
                    assert looks == 0 or "licence.read" in events, where  # read, and refused the next step
                    continue
                seen.add(path)
                assert (looks > 0) is (LOOKS.get(path) == who), where
                assert bool(events) is (path not in QUIET), where
                assert not personal(answer) or (events and (who == "lin" or looks)), where
                looked |= {path} if looks else set()
    assert looked == set(LOOKS)
    assert set(QUIET) <= seen, "what nobody gets to see says nothing about its silence"


async def _sent(shown: Pages, city: World, path: str, who: str | None, form: dict[str, str], on: str) -> object:
    counted = await Counted(city).start()
    answer = await shown.post(path, who, form, on=on)
    return (answer.status_code < 400, *(await counted.since()))


async def test_l15_forms_that_look_somebody_up_leave_their_trace(city: World) -> None:
    case = {"service_item": ITEM, "case_number": CASE, "basis": BASIS}
    async with http(city) as web, pages(city) as shown:
        stage = await set_up(city, web)
        checked = await _sent(shown, city, "/clerk/check", "clerk", case | {"id_number": LIN_NUMBER}, "/clerk")
        found = await _sent(
            shown, city, "/clerk/licences", "clerk", case | {"id_number": LIN_NUMBER}, "/clerk/licences"
        )
        own = await _sent(shown, city, "/office/licences", "land", {"holder": LIN_NUMBER}, "/office/licences")
        opened = f"/shared/{stage.share}"
        read = await _sent(shown, city, opened, None, {"code": stage.share_code}, opened)
    assert checked == (True, 2, ["exemption.check"])
    assert found == (True, 2, ["licence.search"])
    assert own == (True, 1, ["licence.find", "licence.find"]), "the page with the form lists the newest first"
    assert read == (True, 1, ["share.open"])


EVENTS = {  # what each operation of the adapters leaves: records, and events in their order
    **dict.fromkeys(("queryCert", "holder", "entrust", "auth"), (1, ["use-code.issue"])),
    **dict.fromkeys(("queryCertInfoByQRcode", "get_license", "token"), (1, ["use-code.redeem"])),
    **dict.fromkeys(
        ("queryCertInfo", "queryCertInfoByHolderCode", "GetCertificateDataByHolder",
         "GetCertificateDataByCertificateID"),
        (2, ["use-code.issue", "use-code.redeem"]),
    ),
    **dict.fromkeys(
        ("downloadUrlsByHolderCode", "GetCertificateFileByHolder", "downloadFile", "GetCertificateFileByCertificateID",
         "downloadUrl"),
        (3, ["use-code.issue", "copy.make", "copy.read"]),
    ),
    "archive": (2, ["use-code.redeem", "copy.make", "copy.read"]),
    "verifyCertInfo": (1, ["licence.verify"]),
    "verifyFile": (0, ["licence.verify"]),
    "create": (0, ["licence.create"]),
    "create_attachment": (0, ["attachment.add"]),
    "get_attachment": (1, ["licence.read"]),
    "issue": (0, ["licence.issue"]),
    "webpage": (0, ["holder.look"]),  # by the holder's own token
    "abolish": (0, ["licence.cancel"]),
    # words of the catalogue, and what the identity provider keeps books of
    **dict.fromkeys(("getCertRemarkInfo", "list", "login", "logout", "get_current_user"), (0, [])),
}  # fmt: skip


async def test_l15_every_operation_of_the_adapters_leaves_its_trace(stage: adapters.Stage) -> None:
    walked = set()
    for path, (allowed, body) in adapters.MAY.items():
        name, sent, caller = path.rpartition("/")[2], await body(stage), sorted(allowed)[0]
        counted = await Counted(stage.city).start()
        assert await stage.told(path, sent, caller) is None, path
        assert await counted.since() == EVENTS[name], path
        walked.add(name)
    assert walked == set(EVENTS)


async def test_l15_every_step_of_a_register_and_every_list_of_an_office_leaves_its_trace(city: World) -> None:
    left: dict[str, list[str]] = {}
    async with http(city) as web:
        made = ""
        for (method, path), (_, body) in IMPORTS.items():
            address = path.format(import_id=made)
            address += f"?type={PROPERTY}&format=csv" if address == "/v1/imports" and method == "POST" else ""
            sent = {"content": REGISTER} if body is None and method == "POST" else {"json": body} if body else {}
            counted = await Counted(city).start()
            answer = await web.call(method, address, "land", **sent)
            looks, left[f"{method} {path.removeprefix('/v1/imports')}"] = await counted.since()
            assert (answer.status_code < 300, looks) == (True, 0), path
            made = made or answer.json()["id"]
        for method, path in sorted(OWN_LISTS):
            counted = await Counted(city).start()
            await web.call(method, path.format(type_code=PERMIT), "police")
            left[path] = (await counted.since())[1]
    assert left == {
        "POST ": ["import.take-in"],
        "GET ": [],
        "GET /{import_id}": [],
        "POST /{import_id}/start": ["import.start"],
        "POST /{import_id}/pause": ["import.pause"],
        "POST /{import_id}/resume": ["import.resume"],
        "POST /{import_id}/cancel": ["import.cancel"],
        "GET /{import_id}/faulty-rows": ["import.faulty-rows"],
        "GET /{import_id}/differing-rows": ["import.differing-rows"],
        "/v1/inspection-rounds/{type_code}": [],
        "/v1/licence-drafts": ["licence.draft-list"],
        "/v1/licence-endings": ["licence.ending-list"],
    }
