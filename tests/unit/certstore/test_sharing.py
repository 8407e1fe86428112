"""Search, exemption, consent, annotated copies, and what the holder sees of it."""

from __future__ import annotations

import datetime as dt

import pytest

from certstore.consents import ConsentView
from certstore.end import EndCommand
from certstore.errors import ConsentDecided, ConsentNotFound, CopyNotFound, LicenceNotFound
from certstore.exemption import Exemption
from certstore.lifecycle import Event
from certstore.make_file import REPOSITORY
from certstore.model import ConsentState, Look, Sharing
from certstore.status import Status
from core.errors import Conflict, InvalidInput, NotPermitted
from tests.support.certstore_fakes import attachments
from tests.support.certstore_world import (
    CASE,
    CLERK,
    GIVEN,
    HOME,
    LAND_SYSTEM,
    LIN,
    LIN_NAME,
    LIN_NUMBER,
    OTHER_PORTAL,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    STATEMENT,
    ZHAO,
    ZHAO_NUMBER,
    World,
)


async def test_a_type_shared_by_function_is_found_with_only_the_granted_fields(both_cities: World) -> None:
    made = await both_cities.issue_permit()
    (found,) = await both_cities.search()
    assert (found.id, found.status, found.ground) == (made.id, Status.VALID, Sharing.FUNCTION)
    assert found.values == {"holder_name": [LIN_NAME], "address": HOME["address"]}


async def test_a_type_shared_by_consent_is_found_only_under_a_consent_to_this_use(both_cities: World) -> None:
    city = both_cities
    made = await city.issue_property()
    assert await city.search() == []
    await city.consented()
    (found,) = await city.search()
    assert (found.id, found.ground) == (made.id, Sharing.CONSENT)
    assert set(found.values) == set(GIVEN)
    assert await city.search(case_number="ANOTHER-CASE") == []


async def test_each_search_is_recorded_for_the_holder_and_audited_once_with_its_purpose(both_cities: World) -> None:
    city = both_cities
    await city.issue_permit()
    before = len(await city.events())
    await city.search(CLERK)
    (event,) = (await city.events())[before:]
    assert (event["action"], event["outcome"], event["case_number"]) == ("licence.search", "done", CASE)
    (line,) = (await city.services.my_accesses(LIN)).items
    record = line.record
    assert (record.look, record.actor_name, record.purpose.case_number) == (Look.SEARCH, "陈素", CASE)
    assert line.record.fields == ("holder_name", "address")
    assert (line.organisation_name and line.organisation_name.zh) == "示例市住房保障局"
    assert (line.item_name and line.item_name.zh) == "公共租赁住房资格申请"


async def test_a_search_that_finds_nothing_is_recorded_too(city: World) -> None:
    assert await city.search() == []
    (line,) = (await city.services.my_accesses(LIN)).items
    assert (line.record.licence_id, line.record.fields) == (None, ())


async def test_a_licence_that_is_not_valid_is_named_without_its_values(city: World) -> None:
    made = await city.issue_permit()
    await city.services.end(EndCommand(made.id, Event.REVOKE, "处罚"), POLICE_SYSTEM)
    (found,) = await city.search()
    assert (found.status, found.values) == (Status.REVOKED, {})


async def test_exemption_tells_what_need_not_be_asked_for_and_by_which_rule(both_cities: World) -> None:
    city = both_cities
    await city.issue_property()
    await city.issue_permit()
    await city.issue(STATEMENT, LAND_SYSTEM, {"months": 31}, valid_until=city.today)
    city.clock.advance(86400)
    answer = await city.check()
    assert [(one.outcome, one.rule) for one in answer.materials] == [
        (Exemption.NEEDS_CONSENT, "EX-02"),
        (Exemption.EXEMPT, "EX-01"),
        (Exemption.EXPIRED, "EX-03"),
        (Exemption.NOT_IN_STORE, "EX-12"),
    ]
    assert (answer.exempt, answer.total) == (1, 4)
    assert all(one.explanation.zh and one.explanation.en for one in answer.materials)
    assert answer.materials[0].licence_id is None
    await city.consented()
    consented = (await city.check()).materials[0]
    assert (consented.outcome, consented.type_code) == (Exemption.EXEMPT, PROPERTY)
    assert consented.licence_id is not None


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Event.WITHDRAW, Exemption.WITHDRAWN),
        (Event.REVOKE, Exemption.REVOKED),
        (Event.CANCEL, Exemption.CANCELLED),
    ],
)
async def test_exemption_names_how_a_licence_ended(city: World, event: Event, outcome: Exemption) -> None:
    made = await city.issue_permit()
    await city.services.end(EndCommand(made.id, event, "理由"), POLICE_SYSTEM)
    assert (await city.check()).materials[1].outcome is outcome


async def test_of_several_licences_the_best_counts(city: World) -> None:
    made = await city.issue_permit()
    await city.services.end(EndCommand(made.id, Event.CANCEL, "迁出"), POLICE_SYSTEM)
    again = await city.issue_permit()
    assert (await city.check()).materials[1].licence_id == again.id


async def test_consent_is_asked_viewed_and_decided_once(both_cities: World) -> None:
    city = both_cities
    licence = await city.issue_property()
    asked = await city.ask_consent(subject="portal-housing:acc_lin")
    assert city.services.consents.decision_url(asked) == f"https://yizheng.example.gov.cn/consents/{asked.id}"
    view: ConsentView = await city.services.consents.view(asked.id, LIN)
    assert view.requester_name.zh == "示例市住房保障局"
    assert [row.name for row in view.candidates[0].rows if row.value is not None] == [*GIVEN, "validity"]
    assert [title.zh for title in view.withheld] == ["证件号码", "登记日期", "共有情况", "抵押情况"]
    decided = await city.services.consents.decide(asked.id, LIN, True)
    assert (decided.state, decided.licence_id) == (ConsentState.GRANTED, licence.id)
    assert decided.last_day == city.today + dt.timedelta(days=30)
    for granted in (True, False):
        with pytest.raises(ConsentDecided):
            await city.services.consents.decide(asked.id, LIN, granted)
    found, state = await city.services.consents.requested(asked.id, PORTAL)
    assert (found.licence_id, state) == (licence.id, ConsentState.GRANTED)


async def test_an_undecided_request_runs_out_after_half_an_hour(city: World) -> None:
    await city.issue_property()
    asked = await city.ask_consent()
    city.clock.advance(30 * 60)
    with pytest.raises(ConsentDecided):
        await city.services.consents.decide(asked.id, LIN, True)
    assert (await city.services.consents.requested(asked.id, PORTAL))[1] is ConsentState.EXPIRED


async def test_a_refusal_gives_nothing(city: World) -> None:
    await city.issue_property()
    asked = await city.ask_consent()
    await city.services.consents.decide(asked.id, LIN, False)
    assert await city.search() == []
    assert (await city.services.consents.mine(LIN)).items[0][1] is ConsentState.REFUSED


async def test_nobody_but_the_holder_sees_or_decides_a_request(city: World) -> None:
    await city.issue_property()
    asked = await city.ask_consent()
    consents = city.services.consents
    with pytest.raises(ConsentNotFound):
        await consents.view(asked.id, ZHAO)
    with pytest.raises(ConsentNotFound):
        await consents.decide(asked.id, ZHAO, True)
    with pytest.raises(NotPermitted):
        await consents.decide(asked.id, PORTAL, True)
    with pytest.raises(ConsentNotFound):
        await consents.requested(asked.id, OTHER_PORTAL)
    await consents.decide(asked.id, LIN, True)


async def test_without_a_valid_licence_there_is_nothing_to_consent_to(city: World) -> None:
    asked = await city.ask_consent()
    with pytest.raises(Conflict) as raised:
        await city.services.consents.decide(asked.id, LIN, True)
    assert raised.value.code == "no-valid-licence"
    await city.services.consents.decide(asked.id, LIN, False)


async def test_an_annotated_copy_holds_only_the_consented_fields_and_says_what_it_is_for(both_cities: World) -> None:
    city = both_cities
    licence = await city.issue_property()
    consent = await city.consented(fields=("holder_name", "area"))
    copy = await city.services.copies.make(city.copy_command(licence.id, consent), PORTAL)
    assert (copy.fields, copy.expires_on) == (("holder_name", "area"), city.today + dt.timedelta(days=30))
    file = await city.services.copies.file(licence.id, copy.id, PORTAL)
    original = await city.services.read.original(licence.id, LIN)
    assert file.content != original.content
    xml = attachments(file.content.rsplit(b"\n%SEAL", 1)[0])["metadata.xml"].decode()
    assert "JZJZZSY" in xml
    assert copy.id in xml
    assert "抵押给示例银行" not in xml
    assert LIN_NUMBER not in xml
    assert LIN_NAME in xml
    looks = [line.record.look for line in (await city.services.my_accesses(LIN)).items]
    assert sorted(looks) == sorted([Look.FILE, Look.COPY])


async def test_a_copy_of_a_type_shared_by_function_needs_no_consent(city: World) -> None:
    licence = await city.issue_permit()
    copy = await city.services.copies.make(city.copy_command(licence.id, days=5), PORTAL)
    assert copy.consent_id is None
    assert copy.expires_on == city.today + dt.timedelta(days=5)
    city.clock.advance(5 * 86400)
    assert (await city.services.copies.file(licence.id, copy.id, PORTAL)).sha256 == copy.file.sha256
    city.clock.advance(86400)
    with pytest.raises(NotPermitted) as raised:
        await city.services.copies.file(licence.id, copy.id, PORTAL)
    assert raised.value.code == "copy-gone"


async def test_a_copy_stops_with_its_licence(city: World) -> None:
    licence = await city.issue_permit()
    copy = await city.services.copies.make(city.copy_command(licence.id), PORTAL)
    await city.services.end(EndCommand(licence.id, Event.REVOKE, "处罚"), POLICE_SYSTEM)
    with pytest.raises(NotPermitted) as raised:
        await city.services.copies.file(licence.id, copy.id, PORTAL)
    assert raised.value.code == "copy-gone"
    with pytest.raises(NotPermitted) as raised:
        await city.services.copies.make(city.copy_command(licence.id), PORTAL)
    assert raised.value.code == "licence-not-valid"


async def test_copies_are_sealed_by_the_repository_itself(city: World) -> None:
    licence = await city.issue_permit()
    city.sealer.refuses = {PORTAL.id}
    await city.services.copies.make(city.copy_command(licence.id), PORTAL)
    city.sealer.refuses = {REPOSITORY.id}
    with pytest.raises(NotPermitted):
        await city.services.copies.make(city.copy_command(licence.id), PORTAL)


async def test_a_copy_is_only_for_whom_it_was_made(city: World) -> None:
    licence = await city.issue_permit()
    copy = await city.services.copies.make(city.copy_command(licence.id), PORTAL)
    with pytest.raises(CopyNotFound):
        await city.services.copies.file(licence.id, copy.id, OTHER_PORTAL)
    assert (await city.services.copies.file(licence.id, copy.id, CLERK)).sha256 == copy.file.sha256


async def test_without_a_grant_a_licence_looks_absent(city: World) -> None:
    licence = await city.issue_permit()
    for actor, licence_id in ((OTHER_PORTAL, licence.id), (PORTAL, "lic_00000000000000000000000000")):
        with pytest.raises(LicenceNotFound):
            await city.services.copies.make(city.copy_command(licence_id), actor)


async def test_my_licences_are_masked_and_mine_only(both_cities: World) -> None:
    city = both_cities
    mine = await city.issue_property()
    await city.issue_permit(ZHAO_NUMBER, "赵映雪")
    (card,) = await city.services.my_licences(LIN)
    assert (card.id, card.colour, card.status) == (mine.id, "pine", Status.VALID)
    assert card.holder_codes == ["410199 ******** 1031"]
    rows = {title.zh: value for title, value in card.rows}
    assert rows["坐落"] == "示例市青石区***"
    assert rows["面积"] == "56.4 m²"
    assert "抵押情况" not in rows


async def test_a_purpose_must_be_complete_and_free_of_id_numbers(city: World) -> None:
    for changes, field in (
        ({"case_number": " "}, "case_number"),
        ({"basis": ""}, "basis"),
        ({"basis": f"查 {LIN_NUMBER} 的证"}, "basis"),
        ({"case_number": LIN_NUMBER}, "case_number"),
        ({"service_item": "x' OR 1=1"}, "service_item"),
    ):
        with pytest.raises(InvalidInput) as raised:
            await city.search(**changes)
        assert raised.value.field == field


async def test_fields_and_types_beyond_the_grant_are_refused_whole(city: World) -> None:
    await city.issue_permit()
    for changes, code in (
        ({"fields": ["holder_name", "holder_code"]}, "fields-not-granted"),
        ({"types": [PERMIT, "11410199DEMA00001X999"]}, "use-not-granted"),
    ):
        with pytest.raises(NotPermitted) as raised:
            await city.search(**changes)
        assert raised.value.code == code
    (found,) = await city.search(types=[PERMIT], fields=["address"])
    assert list(found.values) == ["address"]


async def test_the_list_of_looks_pages_through_everything_once(city: World) -> None:
    for number in range(5):
        await city.search(case_number=f"CASE-{number}")
        city.clock.advance(1)
    seen, cursor = [], None
    while True:
        page = await city.services.my_accesses(LIN, cursor, 2)
        seen += [line.record.purpose.case_number for line in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == [f"CASE-{number}" for number in reversed(range(5))]
