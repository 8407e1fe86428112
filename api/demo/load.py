"""Loads the demo city through the same use cases that everybody else uses; loading it again changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from api.bridges import COPY_CLASS
from api.demo import catalogue, city
from api.demo.upstream.cast import PROVIDERS
from api.settings import DEMO_REPORT_SEAL
from certstore.issue import IssueCommand
from certstore.make_file import REPOSITORY
from certstore.making import HolderInput
from certstore.model import ConsumerGrant
from core.clock import calendar_day
from core.errors import Conflict
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.client_metadata import DEFAULT, ClientMetadata, DeliveryMode
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType, StaffRole
from idp.people import NewAccount
from idp.profile import Details, PostalAddress
from keys.spec import SignatureAlgorithm
from signing.model import ANY_DOCUMENT, GranteeKind, GrantForm, Seal, SealKind
from signing.reports.model import REPORT_CLASS, REPORTS
from signing.seals.grant import GrantSealCommand
from signing.seals.order import SealOrder

if TYPE_CHECKING:
    from api.wiring.container import Container

Made = TypeVar("Made")
_SIGN_ON = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})
_RS256_FOR = city.ZWFW  # one portal with each algorithm, as in real life
_ASKS_FIRST = "seal-custodian"  # the one who keeps the seal has each use of it approved
_WAITING = {"device": frozenset({GrantType.DEVICE_CODE}), "counter": frozenset({GrantType.CIBA})}
_POLLING = ClientMetadata(backchannel_token_delivery_mode=DeliveryMode.POLL)


async def load_demo_city(container: Container) -> bool:
    """Load what is missing; False if the city was there already."""
    if await container.idp.directory.organisation(city.DATA_BUREAU.code) is not None and await _has_licences(container):
        return False
    await _load_people(container)
    await _load_clients(container)
    await _load_upstream(container)
    await _load_catalogue(container)
    await _load_seals(container)
    await _load_report_seal(container)
    await _issue_licences(container)
    return True


async def _has_licences(container: Container) -> bool:
    lin = await container.idp.directory.account_by_citizen_id(
        parse_citizen_id(city.LIN.id_number, today=calendar_day(container.ground.clock.now()))
    )
    return lin is not None and bool(await container.certstore.my_licences(_person(lin)))


def _person(account_id: str) -> Principal:
    return Principal(PrincipalKind.PERSON, account_id)


async def _unless_there(making: Awaitable[Made]) -> Made | None:
    try:
        return await making
    except Conflict:
        return None


async def _load_people(container: Container) -> None:
    idp, today = container.idp, calendar_day(container.ground.clock.now())
    for department in city.DEPARTMENTS:
        register = idp.staff.departments.register
        await _unless_there(register(department.code, department.name, department.below, SYSTEM))
    for person in city.PEOPLE:
        new = NewAccount(person.id_number, person.name, city.PASSWORD, person.phone, level=person.level)
        account = await _unless_there(idp.create_account(new, SYSTEM))
        if account is None:
            account = await idp.directory.account_by_citizen_id(parse_citizen_id(person.id_number, today=today))
        else:
            address = PostalAddress(person.street, "青石区", "示例市", "459999")
            await idp.state_details(account, Details(person.email, email_verified=True, address=address), SYSTEM)
        if account and person.works_at:
            for role in person.roles:
                await idp.assign_staff_role(StaffRole(account, person.works_at.code, role), SYSTEM)


async def _load_clients(container: Container) -> None:
    issuer = container.ground.settings.issuer
    for client in city.CLIENTS:
        base = f"{issuer}/demo/portals/{client.portal}"
        machine = any(scope.startswith(("licence:", "seal:")) for scope in client.scopes)
        new = NewClient(
            name=client.name,
            client_id=client.id,
            secret=client.secret or None,
            auth_method=ClientAuthMethod.BASIC if client.secret else ClientAuthMethod.NONE,
            organisation=client.organisation.code,
            scopes=frozenset(client.scopes),
            grants=(_SIGN_ON if client.portal else frozenset())
            | _WAITING.get(client.waits or "", frozenset())
            | (frozenset({GrantType.CLIENT_CREDENTIALS}) if machine else frozenset()),
            redirect_uris=(f"{base}/callback",) if client.portal else (),
            post_logout_redirect_uris=(f"{base}/",) if client.portal else (),
            backchannel_logout_uri=f"{base}/backchannel-logout" if client.portal else None,
            id_token_alg=SignatureAlgorithm.RS256 if client is _RS256_FOR else SignatureAlgorithm.ES256,
            realname_approved=client.realname,
            sector=f"{client.portal}.demo.invalid" if client.portal else None,  # one host here, two in a city
            metadata=_POLLING if client.waits == "counter" else DEFAULT,
        )
        await _unless_there(container.idp.register_client(new, SYSTEM))


async def _load_upstream(container: Container) -> None:
    for provider in PROVIDERS:
        described = provider.described(container.ground.settings.issuer)
        await _unless_there(container.idp.upstream.providers.put(described, SYSTEM))  # perhaps from another port


async def _load_catalogue(container: Container) -> None:
    store, today = container.certstore.catalogue, calendar_day(container.ground.clock.now())
    known = {entry.code for entry in (await store.licence_types(limit=100)).items}
    for definition in catalogue.TYPES:
        if definition.code not in known:
            await store.register_type(definition, SYSTEM)
    for item in catalogue.ITEMS:
        await store.put_item(item, SYSTEM)
    for organisation, type_code, item_code, fields, basis in catalogue.USES:
        grant = ConsumerGrant(organisation, type_code, item_code, fields, basis, valid_from=today)
        await store.grant_use(grant, SYSTEM)


async def _load_seals(container: Container) -> None:
    for department in city.DEPARTMENTS:
        if department.seal_line is None:
            continue
        order = SealOrder(department.code, department.name, department.seal_code, line=department.seal_line)
        seal = await _unless_there(container.signing.create_seal(order, actor=SYSTEM))
        if seal is not None:
            await _grant_seal(container, seal, department)


async def _load_report_seal(container: Container) -> None:
    bureau, today = city.DATA_BUREAU, calendar_day(container.ground.clock.now())
    order = SealOrder(bureau.code, bureau.name, DEMO_REPORT_SEAL, SealKind.SPECIAL, "验真报告专用章")
    seal = await _unless_there(container.signing.create_seal(order, actor=SYSTEM))
    if seal is not None:
        grant = GrantSealCommand(
            seal_id=seal.id,
            grantee_kind=GranteeKind.SERVICE,
            grantee=REPORTS.id,
            document_classes=(REPORT_CLASS,),
            valid_from=today,
            valid_to=_in_three_years(today),
            actor=SYSTEM,
        )
        await container.signing.grant_seal(grant)


def _in_three_years(day: dt.date) -> dt.date:
    return day.replace(year=day.year + 3, day=min(day.day, 28))


async def _grant_seal(container: Container, seal: Seal, department: city.Department) -> None:
    today = calendar_day(container.ground.clock.now())
    grantees = [
        (GranteeKind.CLIENT, client.id)
        for client in city.CLIENTS
        if client.organisation == department and not client.portal and not client.waits
    ]
    roles = [(GranteeKind.ROLE, "issuer"), (GranteeKind.ROLE, "seal-user"), (GranteeKind.ROLE, _ASKS_FIRST)]
    for kind, grantee in [*grantees, *roles, (GranteeKind.SERVICE, REPOSITORY.id)]:
        grant = GrantSealCommand(
            seal_id=seal.id,
            grantee_kind=kind,
            grantee=grantee,
            document_classes=(COPY_CLASS,) if kind is GranteeKind.SERVICE else (ANY_DOCUMENT,),
            valid_from=today,
            valid_to=_in_three_years(today),
            actor=SYSTEM,
            approval=grantee == _ASKS_FIRST,
        )
        await container.signing.grant_seal(grant)
        if (kind, grantee) == (GranteeKind.CLIENT, city.HOUSING_SYSTEM.id):  # its documents may stay at home
            await container.signing.grant_seal(replace(grant, form=GrantForm.DIGEST))


async def _issue_licences(container: Container) -> None:
    today = calendar_day(container.ground.clock.now())
    soon = today - dt.timedelta(days=365 - 27)  # a year's permit that ends in 26 days
    lin = HolderInput("111", city.LIN.id_number, city.LIN.name)
    zhao = HolderInput("111", city.ZHAO.id_number, city.ZHAO.name)
    home = {"address": "示例市青石区演示路 18 号 6 幢", "since": "2021-03-02", "household": "外省示例县"}
    house = {
        "location": "示例市青石区演示路 18 号 6 幢",
        "area": 56.4,
        "registered_on": "2019-06-14",
        "ownership": "单独所有",
        "mortgage": "无",
    }
    paid = {"kinds": "职工养老、医疗", "months": 31, "until": str(today - dt.timedelta(days=1))}
    orders = (
        (
            city.HOUSING_SYSTEM,
            IssueCommand(
                catalogue.PROPERTY.code, (lin,), house, "demo-property-lin", "豫（2019）示例市不动产权第 0012318 号"
            ),
        ),
        (
            city.POLICE_SYSTEM,
            IssueCommand(catalogue.RESIDENCE.code, (lin,), home, "demo-residence-lin", valid_from=soon),
        ),
        (city.HRSS_SYSTEM, IssueCommand(catalogue.INSURANCE.code, (lin,), paid, "demo-insurance-lin")),
        (
            city.POLICE_SYSTEM,
            IssueCommand(catalogue.RESIDENCE.code, (zhao,), home | {"since": "2024-08-19"}, "demo-residence-zhao"),
        ),
    )
    for client, command in orders:
        await container.certstore.issue(command, _system_of(client))


def _system_of(client: city.Client) -> Principal:
    """The department's own system, as its token would say."""
    return Principal(PrincipalKind.CLIENT, client.id, client.organisation.code, scopes=frozenset(client.scopes))
