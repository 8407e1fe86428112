"""Encrypted rows beside plain ones: the same stores, the same SQL, the same SQLite file; one core, processor time.

`row.encrypted` is what a log-in or an introspection with a real name asks for: an account is found by ID number through
the blind index, its name and number are decrypted. `row.encrypted.licence` is a licence with its holder, found by the
holder's number: four values are decrypted. The plain twin keeps clear text in the very same columns, so what differs
is cryptography alone. `field.*` is one value of 18 octets beside a bare AES-256-GCM call with a key at hand, which
binds no place and knows no second key.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import idp.stores.tables  # noqa: F401 - brings the tables
from bench.report import Row, rate
from certstore.codes import CITIZEN_ID as CODE_OF_CITIZENS
from certstore.codes import HolderCode
from certstore.history import GENESIS
from certstore.lifecycle import Event, State
from certstore.model import Holder, Licence, LicenceChange, LicenceVersion
from certstore.stores.licences import SqlLicenceStore
from core.clock import SystemClock, calendar_day
from core.db.database import Database
from core.db.engine import create_engine
from core.ids import new_id
from core.principal import PrincipalKind
from core.tables import metadata
from idp.directory import PersonVault
from idp.identifiers import CITIZEN_ID
from idp.model import Account, AccountStatus
from idp.stores.people import SqlAccountStore
from keys.ports import BlindIndex, FieldCipher, SecretKey
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.spec import KeyState, SecretKind

ROUNDS, READS, ROWS = 15, 400, 1_000
CLOCK = SystemClock()
VALUE, PLACE = "410199198802291031", "account.number:acc_01kb00000000000000000000000"


class OneSecret:
    """Implements `keys.ports.SecretProvider` as a loaded ring does: from memory."""

    def __init__(self, kind: SecretKind = SecretKind.USUAL) -> None:
        self._keys = (SecretKey(secrets.token_urlsafe(12), KeyState.ACTIVE, secrets.token_bytes(32), kind),)

    def secrets(self, purpose: str) -> tuple[SecretKey, ...]:
        return self._keys

    def accepted(self, purpose: str) -> tuple[SecretKey, ...]:
        return self._keys


class ClearText:
    """Implements `keys.ports.FieldCipher` without cryptography: the peer."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        return value.encode()

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        return sealed.decode()

    def head(self) -> bytes:
        return b""


class ClearIndex:
    """Implements `keys.ports.BlindIndex` without cryptography: the peer."""

    def digest(self, kind: str, value: str) -> bytes:
        return f"{kind} {value}".encode()

    def digests(self, kind: str, value: str) -> tuple[bytes, ...]:
        return (self.digest(kind, value),)

    def head(self) -> bytes:
        return b""

    def heads(self) -> tuple[bytes, ...]:
        return (b"",)

    def finds_bare(self) -> bool:
        return False


@dataclass(frozen=True)
class Rows:
    """A database full of people and licences, sealed in one way."""

    database: Database
    accounts: SqlAccountStore
    people: PersonVault
    licences: SqlLicenceStore

    async def account(self, number: int) -> None:
        async with self.database.read() as tx:
            found = await self.accounts.by_identifier(tx, self.people.indexes(CITIZEN_ID, _number(number)))
        assert found is not None
        self.people.person(found)

    async def licence(self, number: int) -> None:
        async with self.database.read() as tx:
            (found,) = await self.licences.by_holder(tx, HolderCode(CODE_OF_CITIZENS, _number(number)))
        assert found.current.licence_number


def measure() -> list[Row]:
    """Rows `row.encrypted…`, `field.…`, `index.digest`."""
    return [*asyncio.run(_rows()), *_fields()]


async def _rows() -> list[Row]:
    secret = OneSecret()
    with tempfile.TemporaryDirectory() as folder:
        ours = await filled(Path(folder) / "ours.db", EnvelopeCipher(secret, "p"), HmacIndex(secret, "p"))
        plain = await filled(Path(folder) / "plain.db", ClearText(), ClearIndex())
        made = []
        for name, read in (("row.encrypted", Rows.account), ("row.encrypted.licence", Rows.licence)):
            figures: dict[str, list[float]] = {"ours": [], "plain": []}
            for _ in range(ROUNDS):
                for which, rows in (("ours", ours), ("plain", plain)):
                    figures[which].append(await reads_per_second(rows, read))
            median = statistics.median
            made.append(rate(name, median(figures["ours"]), "rows/s", "plain rows", median(figures["plain"])))
        for rows in (ours, plain):
            await rows.database.close()
    return made


async def reads_per_second(rows: Rows, read: Callable[[Rows, int], Awaitable[None]]) -> float:
    begun = time.process_time()
    for number in range(READS):
        await read(rows, number % ROWS)
    return READS / (time.process_time() - begun)


async def filled(file: Path, cipher: FieldCipher, index: BlindIndex) -> Rows:
    database = Database(create_engine(f"sqlite:///{file}", pool_size=1), CLOCK)
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    rows = Rows(database, SqlAccountStore(), PersonVault(cipher, index, CLOCK), SqlLicenceStore(cipher, index))
    async with database.write() as tx:
        for number in range(ROWS):
            account = _account(rows.people, number)
            indexes = {CITIZEN_ID: rows.people.indexes(CITIZEN_ID, _number(number))}
            assert await rows.accounts.add(tx, account, indexes)
            await rows.licences.add(tx, _licence(number), _issued())
        await tx.commit()
    return rows


def _account(people: PersonVault, number: int) -> Account:
    account_id = new_id(CLOCK, "acc")
    sealed = {
        name: people.seal(account_id, name, value) for name, value in (("number", _number(number)), ("name", "林知远"))
    }
    return Account(account_id, sealed["number"], sealed["name"], None, "hash", 2, AccountStatus.ACTIVE, CLOCK.now())


def _licence(number: int) -> Licence:
    licence_id, today = new_id(CLOCK, "lic"), calendar_day(CLOCK.now())
    version = LicenceVersion(
        licence_id=licence_id,
        number=1,
        identifier=f"1.2.156.{number}",
        type_code="11410199DEMA00001W001",
        type_version=1,
        licence_number=f"豫 {number:07d}",
        holders=(Holder(HolderCode(CODE_OF_CITIZENS, _number(number)), "林知远"),),
        data={"location": "示例市青石区演示路 18 号", "area": 56.4, "since": "2024-01-05"},
        issued_at=CLOCK.now(),
        valid_from=today,
        valid_until=today + dt.timedelta(days=365),
        previous=GENESIS,
        hash=GENESIS,
    )
    return Licence(licence_id, version.type_code, "11410199DEMA00025B", State.VALID, 1, f"code {number}", version)


def _issued() -> LicenceChange:
    return LicenceChange(1, Event.ISSUE, State.VALID, 1, CLOCK.now(), PrincipalKind.CLIENT, "bench", None, "")


def _number(number: int) -> str:
    """A valid ID number in a district that does not exist."""
    from stdnum.iso7064 import mod_11_2

    first_17 = f"41019919{80 + number // 10_000:02d}0101{number % 1_000:03d}"
    return first_17 + str(mod_11_2.calc_check_digit(first_17))


def _fields() -> list[Row]:
    secret = OneSecret()
    cipher, index = EnvelopeCipher(secret, "p"), HmacIndex(secret, "p")
    bare, octets, place = AESGCM(secrets.token_bytes(32)), VALUE.encode(), PLACE.encode()
    sealed, nonce = cipher.encrypt(VALUE, context=PLACE), secrets.token_bytes(12)
    theirs = bare.encrypt(nonce, octets, place)

    def seal() -> None:
        fresh = secrets.token_bytes(12)
        bare.encrypt(fresh, octets, place)

    compared: tuple[tuple[str, Callable[[], object], Callable[[], object]], ...] = (
        ("field.encrypt", lambda: cipher.encrypt(VALUE, context=PLACE), seal),
        ("field.decrypt", lambda: cipher.decrypt(sealed, context=PLACE), lambda: bare.decrypt(nonce, theirs, place)),
    )
    made = []
    for name, ours, peer in compared:
        figures = [(calls_per_second(ours), calls_per_second(peer)) for _ in range(ROUNDS)]
        own, other = (statistics.median(column) for column in zip(*figures, strict=True))
        made.append(rate(name, own, "1/s", "bare AES-256-GCM", other))
    digests = statistics.median(calls_per_second(lambda: index.digest(CITIZEN_ID, VALUE)) for _ in range(ROUNDS))
    return [*made, rate("index.digest", digests, "1/s", "aim", 100_000)]


def calls_per_second(call: Callable[[], object], count: int = 5_000) -> float:
    begun = time.process_time()
    for _ in range(count):
        call()
    return count / (time.process_time() - begun)
