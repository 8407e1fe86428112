"""A small identity world over real stores: two portals, a phone app, a department, a few people."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from stdnum.iso7064 import mod_11_2

from api.demo.sources.here import registers_here
from api.demo.sources.registers import Registers
from api.settings import Settings
from api.wiring.ground import Ground
from api.wiring.idp import IdpServices, IdpStores, build_idp, sql_stores
from core.audit.chain import ChainedRow
from core.audit.sql import read_chain
from core.blobs.filesystem import FilesystemBlobStore
from core.db.database import Database
from core.egress.port import Fetcher
from core.files.scratch import Scratch
from core.identifiers.uscc import check_character
from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.port import KeyValueStore
from core.kv.redis import RedisKeyValueStore
from core.principal import SYSTEM
from core.text import Text
from idp.clients.ports import CertificateJudge
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType, StaffRole
from idp.people import NewAccount
from idp.protocol.facts import RequestFacts
from idp.settings import IdpSettings
from idp.stores.tables import account
from keys.keyring import KeyRing
from keys.ports import SecretProvider
from keys.secrets.vault import EncryptedVault
from keys.spec import SignatureAlgorithm
from keys.trust.faults import UNKNOWN
from keys.trust.judgement import Judgement
from keys.trust.model import Service
from tests.support.clock import START, FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.idp_keys import FakeKeys, keys_on, shared_ring
from tests.support.messages import RecordingSender
from tests.support.servers import PostgresServer, RedisServer

ISSUER = "https://id.example.test"
QUICK = IdpSettings(issuer=ISSUER, even_answers=0)  # waiting for even moments is for the tests that take the time
PASSWORD = "correct horse battery"
CODE_GRANTS = frozenset({GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN})


def citizen_number(serial: int, born: str = "19880229") -> str:
    """A valid number in the unassigned district 410199."""
    first_17 = f"410199{born}{serial:03d}"
    return first_17 + str(mod_11_2.calc_check_digit(first_17))


def organisation_code(serial: int) -> str:
    first_17 = f"11410199DEMA{serial:05d}"
    return first_17 + check_character(first_17)


@dataclass(frozen=True)
class Somebody:
    """A person of the tests."""

    account_id: str
    number: str
    name: str
    phone: str
    password: str = PASSWORD


@dataclass(frozen=True)
class Portal:
    """A registered client, as its own developers know it."""

    client_id: str
    redirect_uri: str = ""
    secret: str | None = None
    auth_method: ClientAuthMethod = ClientAuthMethod.BASIC
    scope: str = "openid"
    goodbye_uri: str = ""
    assertion: Callable[[], str] | None = field(default=None, repr=False)  # makes one for each request
    certificate: bytes | None = field(default=None, repr=False)  # of its TLS connections, DER


class RecordingMessenger:
    """Implements `idp.ports.LogoutMessenger`; `answer` may be changed by a test."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.answer: Callable[[str], str] = lambda _uri: "delivered"

    async def post(self, uri: str, logout_token: str) -> str:
        self.sent.append((uri, logout_token))
        return self.answer(uri)

    async def close(self) -> None:
        return None


class NamedAuthorities:
    """Implements `idp.clients.ports.CertificateJudge`: a certificate is good if its DER is among `good`."""

    def __init__(self) -> None:
        self.good: set[bytes] = set()
        self.asked: list[bytes] = []
        self.beside: tuple[bytes, ...] = ()

    async def judge(self, certificate: bytes, others: Sequence[bytes] = (), *, service: Service) -> Judgement:
        assert service in (Service.MACHINES, Service.LOGIN)
        self.beside = tuple(others)
        self.asked.append(certificate)
        return Judgement(service, START, None if certificate in self.good else UNKNOWN)


_: type[CertificateJudge] = NamedAuthorities


@dataclass
class IdpWorld:
    """Everything a test needs."""

    ground: Ground
    idp: IdpServices
    keys: FakeKeys
    clock: FakeClock
    messenger: RecordingMessenger
    judge: NamedAuthorities
    sender: RecordingSender
    lin: Somebody
    zhao: Somebody
    clerk: Somebody
    portal_a: Portal  # basic, RS256, no real names
    portal_b: Portal  # post, ES256, approved for real names
    phone_app: Portal  # public
    department: Portal  # client credentials
    organisation: str
    extra: dict[str, Any] = field(default_factory=dict)

    facts = RequestFacts("GET", f"{ISSUER}/v1/anything")  # of a call without proof of a key

    async def audit(self, action: str | None = None) -> list[ChainedRow]:
        """The audit log, or the events with one action."""
        async with self.ground.database.read() as tx:
            rows = [row async for row in read_chain(tx.connection)]
        return [row for row in rows if action in (None, row.content["action"])]


@contextlib.asynccontextmanager
async def embedded_world(folder: Path, clock: FakeClock, **options: Any) -> AsyncIterator[IdpWorld]:
    """On SQLite and the embedded store."""
    kv = EmbeddedKeyValueStore(folder / "kv.db", clock)
    async with sqlite_database(folder, clock) as database, _world(database, kv, folder, clock, **options) as world:
        yield world


@contextlib.asynccontextmanager
async def cluster_world(
    postgres: PostgresServer, redis: RedisServer, folder: Path, clock: FakeClock, **options: Any
) -> AsyncIterator[IdpWorld]:
    """On PostgreSQL and Redis."""
    kv = RedisKeyValueStore(redis.url, prefix=f"{folder.name}:{id(folder)}:")
    async with postgres_database(postgres, clock) as database, _world(database, kv, folder, clock, **options) as world:
        yield world


@contextlib.asynccontextmanager
async def _world(
    database: Database,
    kv: KeyValueStore,
    folder: Path,
    clock: FakeClock,
    *,
    settings: IdpSettings | None = None,
    wrap_kv: Callable[[KeyValueStore], KeyValueStore] = lambda kv: kv,
    wrap_stores: Callable[[IdpStores], IdpStores] = lambda stores: stores,
    ring: KeyRing | None = None,
    secrets: SecretProvider | None = None,
    fetcher: Fetcher | None = None,
    registers: Registers | None = None,
    judge: CertificateJudge | None = None,
) -> AsyncIterator[IdpWorld]:
    keys = keys_on(ring or await shared_ring(), clock, secrets)
    settings = settings or QUICK
    ground = Ground(
        Settings(issuer=settings.issuer, data=folder),
        clock,
        database,
        wrap_kv(kv),
        FilesystemBlobStore(folder / "blobs"),
        cast(EncryptedVault, None),  # identity keeps no documents
        cast(Scratch, None),  # nor large files
        keys,  # type: ignore[arg-type]  # the part of KeysServices that identity uses
    )
    messenger, named, sender = RecordingMessenger(), NamedAuthorities(), RecordingSender()
    services = build_idp(
        ground,
        judge=judge or named,
        settings=settings,
        stores=wrap_stores(sql_stores()),
        messenger=messenger,
        fetcher=fetcher,
        sender=sender,
        registers=None if registers is None else registers_here(ground, registers),
    )
    try:
        yield await _populate(ground, services, keys, clock, messenger, named, sender)
    finally:
        await kv.close()


def another_worker(world: IdpWorld) -> IdpWorld:
    """A second process of the same service: other objects in memory, the same stores and keys."""
    services = build_idp(
        world.ground,
        judge=world.judge,
        settings=world.idp.settings,
        messenger=world.messenger,
        sender=world.sender,
    )
    return dataclasses.replace(world, idp=services)


async def _populate(
    ground: Ground,
    idp: IdpServices,
    keys: FakeKeys,
    clock: FakeClock,
    messenger: RecordingMessenger,
    judge: NamedAuthorities,
    sender: RecordingSender,
) -> IdpWorld:
    organisation = await idp.register_organisation(
        organisation_code(1), Text("示例市住房保障局", "Example City Housing Bureau"), "government", SYSTEM
    )
    clerk = await somebody(idp, 3, "陈素", "13800000003")
    await idp.assign_staff_role(StaffRole(clerk.account_id, organisation.uscc, "clerk"), SYSTEM)
    return IdpWorld(
        ground=ground,
        idp=idp,
        keys=keys,
        clock=clock,
        messenger=messenger,
        judge=judge,
        sender=sender,
        lin=await somebody(idp, 1, "林知远", "13800000001"),
        zhao=await somebody(idp, 2, "赵一鸣", "13800000002"),
        clerk=clerk,
        portal_a=await portal(idp, "portal-a", "a.example.test"),
        portal_b=await portal(
            idp,
            "portal-b",
            "b.example.test",
            auth_method=ClientAuthMethod.POST,
            id_token_alg=SignatureAlgorithm.ES256,
            realname_approved=True,
            scopes=frozenset({"openid", "realname", "offline_access", "licence:read"}),
            organisation=organisation.uscc,
        ),
        phone_app=await portal(idp, "phone-app", "app.example.test", auth_method=ClientAuthMethod.NONE),
        department=await department(idp, "department", organisation.uscc),
        organisation=organisation.uscc,
    )


async def somebody(idp: IdpServices, serial: int, name: str, phone: str) -> Somebody:
    number = citizen_number(serial)
    account_id = await idp.create_account(NewAccount(number, name, PASSWORD, phone), SYSTEM)
    return Somebody(account_id, number, name, phone)


async def portal(idp: IdpServices, client_id: str, host: str, **options: Any) -> Portal:
    new = NewClient(
        Text(f"门户 {client_id}", f"Portal {client_id}"),
        client_id,
        **{
            "redirect_uris": (f"https://{host}/callback", f"https://{host}/callback?kept=1"),
            "post_logout_redirect_uris": (f"https://{host}/goodbye",),
            "backchannel_logout_uri": f"https://{host}/backchannel",
            "scopes": frozenset({"openid", "offline_access"}),
            "sector": host,
            **options,
        },
    )
    made = await idp.register_client(new, SYSTEM)
    return Portal(
        made.client.id,
        f"https://{host}/callback",
        made.secret,
        made.client.auth_method,
        "openid",
        f"https://{host}/goodbye",
    )


async def department(idp: IdpServices, client_id: str, organisation: str) -> Portal:
    new = NewClient(
        Text("业务系统", "Business system"),
        client_id,
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"licence:issue", "licence:read"}),
        organisation=organisation,
    )
    made = await idp.register_client(new, SYSTEM)
    return Portal(made.client.id, secret=made.secret, scope="licence:issue licence:read")


async def lose_phone(world: IdpWorld, who: Somebody) -> None:
    """Nothing but a password is left to somebody."""
    async with world.ground.database.write() as tx:
        await tx.connection.execute(account.update().where(account.c.id == who.account_id).values(phone=None))
        await tx.commit()
