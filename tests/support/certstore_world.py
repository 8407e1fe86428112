"""A small city for tests of the e-licence repository: three types, one service item, five organisations."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from api.bridges import LicenceOfds
from api.wiring.bulk import BulkServices, compose_bulk
from api.wiring.bundles import BundleServices, compose_bundles
from api.wiring.certstore import CertstoreGround, CertstoreServices, compose_certstore
from api.wiring.exchange import ExchangeServices, compose_exchange
from api.wiring.holders import HolderServices, compose_holders
from api.wiring.presentation import PresentationServices, compose_presentation
from api.wiring.subscriptions import SubscriptionServices, compose_subscriptions
from certstore.consents import ConsentRequest
from certstore.copies import CopyCommand
from certstore.definition import TypeDefinition
from certstore.end import EndCommand
from certstore.exemption import ExemptionAnswer, ExemptionQuery
from certstore.issue import IssueCommand
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.model import (
    Colour,
    Consent,
    ConsumerGrant,
    HolderKind,
    Licence,
    Material,
    ServiceItem,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.search import FoundLicence, SearchQuery
from certstore.use.codes import UseCodeQuery
from core.audit.sql import read_chain
from core.blobs.filesystem import FilesystemBlobStore
from core.clock import calendar_day
from core.db.database import Database
from core.egress.rules import EgressRules, HostList
from core.identifiers.uscc import check_character
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from keys.secrets.token_digest import HmacTokenDigests
from keys.secrets.vault import EncryptedVault
from signing.ofd.from_pdf.convert import MadeOfd, OfdWords, make_ofd
from tests.support.certstore_fakes import (
    Mandates,
    MarkJudge,
    MarkSealer,
    Offices,
    OneKey,
    People,
    PlainSecrets,
    Staff,
    Standing,
    Told,
    blind_index,
    field_cipher,
    renderer,
)
from tests.support.clock import FakeClock


def code_of(body: str) -> str:
    """An organisation's code with its check character."""
    return body + check_character(body)


BUREAU = code_of("11410199DEMA00001")
LAND = code_of("11410199DEMA00002")
POLICE = code_of("11410199DEMA00003")
HOUSING = code_of("11410199DEMA00004")
OTHERS = code_of("11410199DEMA00005")
PROPERTY, PERMIT, STATEMENT = (BUREAU + ordinal for ordinal in ("001", "002", "003"))
ITEM = "410199-ZF-0207"
CASE = "GZF-2026-1123-00418"
BASIS = "示例市公共租赁住房管理办法第九条（演示）"
LIN_NUMBER, ZHAO_NUMBER, CHEN_NUMBER = "410199198802291031", "410199199607152049", "410199199111204060"
LIN_NAME = "林知远"


def client(name: str, organisation: str, *scopes: str) -> Principal:
    return Principal(PrincipalKind.CLIENT, name, organisation, scopes=frozenset(scopes))


LAND_SYSTEM = client("system-land", LAND, "licence:issue", "licence:read")
POLICE_SYSTEM = client("system-police", POLICE, "licence:issue", "licence:read")
PORTAL = client("portal-housing", HOUSING, "licence:read", "licence:verify")
OTHER_PORTAL = client("portal-other", OTHERS, "licence:read", "licence:verify")
CLERK = Principal(
    PrincipalKind.STAFF,
    "acc_chen",
    HOUSING,
    name="陈素",
    scopes=frozenset({"licence:read", "licence:verify"}),
    roles=frozenset({"clerk"}),
)
LIN = Principal(PrincipalKind.PERSON, "acc_lin", session="s-lin")
ZHAO = Principal(PrincipalKind.PERSON, "acc_zhao", session="s-zhao")


def face(zh: str, en: str, code: str, mask: str = "none", unit: str = "", **rule: Any) -> dict[str, Any]:
    words = {"zh": zh, "en": en, "mask": mask, "code": code} | ({"unit": unit} if unit else {})
    return {"type": "string", "maxLength": 400, **rule, "x-face": words}


def schema(fields: Mapping[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


PROPERTY_TYPE = TypeDefinition(
    code=PROPERTY,
    name=Text("不动产权证书", "Real Estate Certificate"),
    issuers=(LAND,),
    holder_kind=HolderKind.PERSON,
    colour=Colour.PINE,
    schema=schema(
        {
            "location": face("坐落", "Location", "KZ_ZL", "address"),
            "area": face("面积", "Area", "KZ_MJ", unit="m²", type="number") | {"maximum": 1_000_000},
            "registered_on": face("登记日期", "Registered on", "KZ_DJRQ", format="date"),
            "ownership": face("共有情况", "Ownership", "KZ_GYQK", enum=["单独所有", "共同共有"]),
            "mortgage": face("抵押情况", "Mortgage", "KZ_DYQK", "full"),
        },
        "mortgage",
    )
    | {"x-holder": {"zh": "权利人", "en": "Owner"}},
    validity=ValidityRule(Validity.LONG_TERM),
    sharing=Sharing.CONSENT,
    template="certificate",
)
PERMIT_TYPE = TypeDefinition(
    code=PERMIT,
    name=Text("居住证", "Residence Permit"),
    issuers=(POLICE,),
    holder_kind=HolderKind.PERSON,
    colour=Colour.BLUE,
    schema=schema({"address": face("居住地址", "Address", "KZ_JZDZ", "address")}),
    validity=ValidityRule(Validity.YEARS, 1),
    sharing=Sharing.FUNCTION,
    template="permit",
    one_per_holder=True,
)
STATEMENT_TYPE = TypeDefinition(
    code=STATEMENT,
    name=Text("社会保险缴费证明", "Social Insurance Statement"),
    issuers=(LAND, POLICE),
    holder_kind=HolderKind.PERSON,
    colour=Colour.OCHRE,
    schema=schema(
        {"months": {"type": "integer", "minimum": 0, "x-face": face("连续缴费", "Months", "KZ_YS")["x-face"]}}
    ),
    validity=ValidityRule(Validity.STATED),
    sharing=Sharing.FUNCTION,
    template="statement",
)
RENTAL = ServiceItem(
    ITEM,
    Text("公共租赁住房资格申请", "Application for public rental housing"),
    HOUSING,
    (
        Material(1, Text("不动产权证书", "Real estate certificate"), (PROPERTY,)),
        Material(2, Text("居住证", "Residence permit"), (PERMIT,)),
        Material(3, Text("社会保险缴费证明", "Social insurance statement"), (STATEMENT,)),
        Material(4, Text("单位收入证明", "Statement of income"), (), Text("有工作单位的", "if employed")),
    ),
)
HOUSE = {
    "location": "示例市青石区演示路 18 号 6 幢",
    "area": 56.4,
    "registered_on": "2019-06-14",
    "ownership": "单独所有",
    "mortgage": "抵押给示例银行",
}
HOME = {"address": "示例市青石区演示路 18 号"}
GIVEN = ("holder_name", "location", "area")  # what the housing bureau may use of a property certificate


@dataclass
class World:
    """The composed repository with its fakes and short forms of the common calls."""

    services: CertstoreServices
    database: Database
    clock: FakeClock
    sealer: MarkSealer
    folder: Path
    presentation: PresentationServices
    colleagues: Staff
    own: HolderServices
    subscriptions: SubscriptionServices
    bulk: BulkServices
    bundles: BundleServices
    mandates: Mandates
    told: Told
    exchange: ExchangeServices
    people: People
    standing: Standing
    _keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def today(self) -> dt.date:
        return calendar_day(self.clock.now())

    async def issue_property(self, number: str = LIN_NUMBER, name: str = LIN_NAME, **changes: Any) -> Licence:
        return await self.issue(PROPERTY, LAND_SYSTEM, HOUSE, number, name, **changes)

    async def issue_permit(self, number: str = LIN_NUMBER, name: str = LIN_NAME, **changes: Any) -> Licence:
        return await self.issue(PERMIT, POLICE_SYSTEM, HOME, number, name, **changes)

    async def issue(
        self,
        type_code: str,
        actor: Principal,
        data: Mapping[str, object],
        number: str = LIN_NUMBER,
        name: str = LIN_NAME,
        **changes: Any,
    ) -> Licence:
        key = changes.pop("key", None) or f"key-{next(self._keys)}"
        holders = changes.pop("holders", None) or (HolderInput("111", number, name),)
        return await self.services.issue(IssueCommand(type_code, holders, data, key, **changes), actor)

    async def search(self, actor: Principal = PORTAL, number: str = LIN_NUMBER, **changes: Any) -> list[FoundLicence]:
        asked = {"service_item": ITEM, "case_number": CASE, "basis": BASIS} | changes
        return list(await self.services.search(SearchQuery("111", number, **asked), actor))

    async def check(self, actor: Principal = PORTAL, number: str = LIN_NUMBER, case: str = CASE) -> ExemptionAnswer:
        return await self.services.check_exemption(self.exemption_query(number, case), actor)

    def exemption_query(self, number: str = LIN_NUMBER, case: str = CASE, **changes: Any) -> ExemptionQuery:
        return ExemptionQuery(ITEM, case, "111", number, **changes)

    def code_query(self, number: str = LIN_NUMBER, **changes: Any) -> UseCodeQuery:
        asked: dict[str, Any] = {"service_item": ITEM, "case_number": CASE, "basis": BASIS} | changes
        return UseCodeQuery("111", number, **asked)

    async def ask_consent(self, actor: Principal = PORTAL, number: str = LIN_NUMBER, **changes: Any) -> Consent:
        asked: dict[str, Any] = {"service_item": ITEM, "case_number": CASE, "basis": BASIS} | changes
        kind = asked.pop("code_type", "111")
        who = {"code_type": kind, "code": number} if "subject" not in asked else {}
        asked.setdefault("type_code", PROPERTY)
        return await self.services.consents.request(ConsentRequest(**who, **asked), actor)

    async def consented(self, actor: Principal = PORTAL, holder: Principal = LIN, **changes: Any) -> Consent:
        asked = await self.ask_consent(actor, **changes)
        return await self.services.consents.decide(asked.id, holder, True)

    def copy_command(self, licence_id: str, consent: Consent | None = None, **changes: Any) -> CopyCommand:
        asked = {"service_item": ITEM, "case_number": CASE, "basis": BASIS} | changes
        asked.setdefault("consent_id", consent.id if consent else None)
        return CopyCommand(licence_id, **asked)

    async def end(self, licence: Licence, event: Event = Event.REVOKE) -> Licence:
        actor = POLICE_SYSTEM if licence.issuer == POLICE else LAND_SYSTEM
        return await self.services.end(EndCommand(licence.id, event, "理由"), actor)

    async def events(self) -> list[dict[str, Any]]:
        """All audit rows, oldest first."""
        async with self.database.read() as tx:
            return [dict(row.content) async for row in read_chain(tx.connection)]

    async def rows(self, table: Any) -> int:
        async with self.database.read() as tx:
            return int((await tx.connection.execute(select(func.count()).select_from(table))).scalar_one())


async def in_this_process(pdf: bytes, words: OfdWords) -> MadeOfd:
    """`ConvertPdf` without a cell, for the file is our own."""
    return make_ofd(pdf, words, len(pdf))


@contextlib.asynccontextmanager
async def world(database: Database, clock: FakeClock, folder: Path) -> AsyncIterator[World]:
    """The city over one database; the catalogue is loaded, nothing is issued yet."""
    async with composed(database, clock, folder) as made:
        await _load(made)
        yield made


@contextlib.asynccontextmanager
async def composed(database: Database, clock: FakeClock, folder: Path) -> AsyncIterator[World]:
    """The city over a database that may have been lived in before."""
    sealer = MarkSealer()
    kv, blobs = EmbeddedKeyValueStore(folder / "kv.db", clock), FilesystemBlobStore(folder / "blobs")
    ground = CertstoreGround(
        database,
        clock,
        kv,
        EncryptedVault(blobs, field_cipher()),
        field_cipher(),
        blind_index(),
        HmacTokenDigests(PlainSecrets()),
        "https://yizheng.example.gov.cn",
    )
    people = People(
        {"acc_lin": (LIN_NUMBER, LIN_NAME), "acc_zhao": (ZHAO_NUMBER, "赵映雪"), "acc_chen": (CHEN_NUMBER, "陈素")}
    )
    offices = Offices(
        {
            BUREAU: Text("示例市政务数据局", "Data Bureau"),
            LAND: Text("示例市自然资源和规划局", "Land Bureau"),
            POLICE: Text("示例市公安局", "Police Bureau"),
            HOUSING: Text("示例市住房保障局", "Housing Bureau"),
            OTHERS: Text("示例市体育局", "Sports Bureau"),
        }
    )
    colleagues, mandates, standing, told = Staff(), Mandates(people), Standing(people), Told(people)
    services = compose_certstore(
        ground,
        sealer=sealer,
        judge=MarkJudge(),
        holders=people,
        organisations=offices,
        colleagues=colleagues,
        agencies=mandates,
        persons=standing,
        news=told,
        faces=renderer(),
        ofd=LicenceOfds(in_this_process),  # type: ignore[arg-type]  # all that it does with it is call it
    )
    presentation = compose_presentation(
        ground,
        short_lived=field_cipher(),
        provider=OneKey(),
        verify=services.verify,
        verify_file=services.verify_file,
        holders=people,
        organisations=offices,
    )
    inside = EgressRules(
        schemes=frozenset({"http", "https"}), ports=range(1, 65536), inside=HostList.of(["127.0.0.0/8"])
    )
    subscriptions = compose_subscriptions(ground, inside)
    own = compose_holders(ground, holders=people, organisations=offices, news=told)
    exchange = compose_exchange(ground, services, holders=people, organisations=offices)
    made = World(
        services=services,
        database=database,
        clock=clock,
        sealer=sealer,
        folder=folder,
        presentation=presentation,
        colleagues=colleagues,
        own=own,
        subscriptions=subscriptions,
        bulk=compose_bulk(ground, services.maker, organisations=offices, persons=people),
        bundles=compose_bundles(ground, services, presentation.declarations),
        mandates=mandates,
        told=told,
        exchange=exchange,
        people=people,
        standing=standing,
    )
    try:
        yield made
    finally:
        await kv.close()
        await blobs.close()


async def _load(made: World) -> None:
    for definition in (PROPERTY_TYPE, PERMIT_TYPE, STATEMENT_TYPE):
        await made.services.catalogue.register_type(definition, SYSTEM)
    await made.services.catalogue.put_item(RENTAL, SYSTEM)
    grants = ((PROPERTY, GIVEN), (PERMIT, ("holder_name", "address")), (STATEMENT, ("months",)))
    for type_code, fields in grants:
        grant = ConsumerGrant(HOUSING, type_code, ITEM, fields, BASIS, valid_from=made.today)
        await made.services.catalogue.grant_use(grant, SYSTEM)
