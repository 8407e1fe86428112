"""A stolen database opens nothing (attacks K-05, L-18): every stored value is replayed as every kind of credential.

A service in real use is copied: the domain database, the short-lived state and the key store, every table of them. What
stands there, as it stands and in the usual encodings, is sent to the service as bearer token, refresh token, code,
cookie, client secret, for introspection and as the address of an interaction or of a kept result. The attacker is given
more than a thief has: the clients' ids, and the verifier that belongs to the code. The twins are the real credentials,
which are accepted by the same calls; one that stood in the database would be found.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import io
import json
import secrets
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from rich.console import Console
from sqlalchemy import select

from api.demo import city
from api.journey.instance import Instance, free_port
from api.journey.narrator import Narrator
from api.journey.portals import PortalRegistration, Portals
from api.journey.run import _register_portals
from api.journey.steps_document import seal_document, verify_documents
from api.journey.steps_identity import sign_on_once
from api.journey.steps_licence import issue_licence, use_instead_of_paper
from api.journey.visitor import Visitor
from api.journey.world import World
from core.clock import SystemClock
from keys.backends.registry import BackendRegistry
from keys.backends.software import SoftwareBackend
from keys.key_wrap import KeyWrap
from keys.keyring import KeyRing
from keys.master_key import parse_master_key
from keys.secrets.blind_index import HmacIndex
from keys.secrets.password import Argon2Hasher
from keys.secrets.purposes import PEOPLE_INDEX
from keys.stores.sql import open_key_store
from keys.stores.tables import keys as keys_table

pytestmark = pytest.mark.slow
CALLBACK = "https://leak.example/callback"
LONGEST = 6_000  # what a request line or a header takes
AT_ONCE = 6
Accepts = Callable[[str], Awaitable[bool]]


@dataclass
class Stolen:
    """The service, what was stolen from it, and the real credentials of the people and machines that use it."""

    issuer: str
    folder: Path
    values: list[Any] = field(default_factory=list)
    real: dict[str, str] = field(default_factory=dict)
    client_id: str = ""
    verifier: str = ""

    def candidates(self) -> list[str]:
        """Every value, as it stands and in the usual encodings; also the parts of what is put together."""
        found: set[str] = set()
        for value in self.values:
            found |= _spellings(value)
        return sorted(one for one in found if 8 <= len(one) <= LONGEST and one.isprintable() and one.isascii())


def _spellings(value: Any) -> set[str]:
    if isinstance(value, bytes):
        plain = {value.hex(), base64.b64encode(value).decode(), base64.urlsafe_b64encode(value).decode()}
        plain |= {one.rstrip("=") for one in plain}
        with contextlib.suppress(UnicodeDecodeError):
            plain |= _spellings(value.decode())
        return plain
    if not isinstance(value, str):
        return {str(value)}
    found = {value, *value.split(":"), *value.split("."), *value.split("$")}
    if len(value) in (32, 64) and set(value) <= set("0123456789abcdef"):
        raw = bytes.fromhex(value)
        found |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    with contextlib.suppress(ValueError):
        found |= {one for one in _leaves(json.loads(value)) if isinstance(one, str)}
    return found


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif value is not None:
        yield value


def _dump(file: Path) -> Iterator[Any]:
    """Every value of every row of every table."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert tables
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (value for value in row if value is not None)


@pytest.fixture(scope="module")
def stolen() -> Iterator[Stolen]:
    instance = Instance()
    try:
        instance.command("migrate", "--demo")
        registrations = _register_portals(instance, port := free_port())
        made = instance.register_client(
            {
                "client_id": "leak-portal",
                "name_zh": "门户",
                "name_en": "Portal",
                "redirect_uris": [CALLBACK],
                "scope": "openid offline_access",
                "sector": "leak.example",
            }
        )
        instance.start()
        loot = Stolen(instance.issuer, instance.folder, client_id=made["client_id"])
        loot.real["client secret"] = made["client_secret"]
        with _in_use(instance, registrations, port, loot):
            for name in ("yizheng.db", "shortlived.db", "keys/keyring.db"):
                loot.values += _dump(instance.folder / name)
            yield loot
    finally:
        instance.stop()


@contextlib.contextmanager
def _in_use(instance: Instance, registrations: list[PortalRegistration], port: int, loot: Stolen) -> Iterator[None]:
    """People are logged in, codes lie unspent, consents are given, a file has been judged, a page is half-way."""
    with (
        Portals(instance.issuer, port, registrations) as portals,
        httpx.Client(base_url=instance.issuer, trust_env=False, timeout=60) as api,
    ):
        citizen = Visitor()
        tell = Narrator(Console(file=io.StringIO()))
        world = World(instance, portals, tell, citizen, api)
        for step in (sign_on_once, issue_licence, use_instead_of_paper, seal_document, verify_documents):
            step(world)
        loot.real["cookie"] = citizen.http.cookies["yz_session"]
        loot.real["machine's token"] = world.token(city.POLICE_SYSTEM)["Authorization"].removeprefix("Bearer ")
        loot.real["kept result"] = _judged_file(instance.issuer)
        _portal(loot, citizen)
        yield
        citizen.close()


def _portal(loot: Stolen, citizen: Visitor) -> None:
    """A portal with offline access: a refresh token that is good, a code that nobody has redeemed, an open log-in."""
    first, verifier = _code(loot, citizen)
    answer = httpx.post(
        f"{loot.issuer}/token",
        auth=(loot.client_id, loot.real["client secret"]),
        data={
            "grant_type": "authorization_code",
            "code": first,
            "redirect_uri": CALLBACK,
            "code_verifier": verifier,
        },
        trust_env=False,
    )
    tokens = answer.json()
    assert answer.status_code == 200, answer.text
    loot.real |= {"refresh token": tokens["refresh_token"], "introspection": tokens["access_token"]}
    loot.real["bearer token"] = tokens["access_token"]
    loot.real["code"], loot.verifier = _code(loot, citizen)
    with httpx.Client(base_url=loot.issuer, trust_env=False) as stranger:
        begun = stranger.get("/authorize", params=_request(loot, "x" * 43))
        loot.real["interaction"] = parse_qs(urlsplit(begun.headers["location"]).query)["i"][0]


def _code(loot: Stolen, citizen: Visitor) -> tuple[str, str]:
    verifier = secrets.token_urlsafe(32)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    http = httpx.Client(base_url=loot.issuer, cookies=citizen.http.cookies, trust_env=False, timeout=30)
    answer = http.get("/authorize", params=_request(loot, challenge))
    if answer.headers["location"].startswith("/consent"):
        visitor = Visitor()
        visitor.http.cookies = http.cookies
        visitor.open(f"{loot.issuer}{answer.headers['location']}")
        visitor.http.follow_redirects = False
        answer = visitor.submit(visitor.form(holding="decision"), decision="grant")
        answer = visitor.http.get(f"{loot.issuer}{answer.headers['location']}")
    place = answer.headers["location"]
    assert place.startswith(CALLBACK), place
    return parse_qs(urlsplit(place).query)["code"][0], verifier


def _request(loot: Stolen, challenge: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": loot.client_id,
        "redirect_uri": CALLBACK,
        "scope": "openid offline_access",
        "state": "s" * 20,
        "nonce": "n" * 20,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def _judged_file(issuer: str) -> str:
    visitor = Visitor()
    visitor.open(f"{issuer}/verify")
    form = visitor.form()
    assert visitor.page is not None
    name = form.field("file")
    values = {key: value for key, value in form.values.items() if key != name}
    answer = visitor.http.post(
        f"{issuer}/verify",
        data=values,
        files={name: ("a.pdf", b"%PDF-1.7 nothing", "application/pdf")},
        headers={"Origin": issuer},
    )
    visitor.close()
    assert "/verify/results/" in str(answer.url), answer.url
    return str(answer.url).rpartition("/")[2]


class Attacker:
    """Sends a value as one kind of credential; each method tells whether it was accepted."""

    def __init__(self, loot: Stolen, http: httpx.AsyncClient) -> None:
        self._loot = loot
        self._http = http
        self.kinds: dict[str, Accepts] = {
            "code": self.as_code,  # first: the real one lives for a minute
            "bearer token": self.as_bearer,
            "refresh token": self.as_refresh_token,
            "cookie": self.as_cookie,
            "client secret": self.as_client_secret,
            "introspection": self.for_introspection,
            "interaction": self.as_interaction,
            "kept result": self.as_kept_result,
        }

    async def as_bearer(self, value: str) -> bool:
        return (await self._http.get("/userinfo", headers={"Authorization": f"Bearer {value}"})).status_code != 401

    async def as_refresh_token(self, value: str) -> bool:
        return await self._token({"grant_type": "refresh_token", "refresh_token": value})

    async def as_code(self, value: str) -> bool:
        given = {"redirect_uri": CALLBACK, "code_verifier": self._loot.verifier}
        return await self._token({"grant_type": "authorization_code", "code": value, **given})

    async def as_cookie(self, value: str) -> bool:
        answer = await self._http.get("/me", headers={"Cookie": f"yz_session={value}"})
        return answer.status_code == 200

    async def as_client_secret(self, value: str) -> bool:
        answer = await self._http.post("/introspect", data={"token": "x"}, auth=(self._loot.client_id, value))
        return answer.status_code != 401

    async def for_introspection(self, value: str) -> bool:
        client = (self._loot.client_id, self._loot.real["client secret"])
        answer = await self._http.post("/introspect", data={"token": value}, auth=client)
        return answer.status_code == 200 and bool(answer.json()["active"])

    async def as_interaction(self, value: str) -> bool:
        return (await self._http.get("/login", params={"i": value})).status_code == 200

    async def as_kept_result(self, value: str) -> bool:
        return (await self._http.get(f"/verify/results/{quote(value, safe='')}")).status_code == 200

    async def _token(self, form: dict[str, str]) -> bool:
        client = (self._loot.client_id, self._loot.real["client secret"])
        return (await self._http.post("/token", data=form, auth=client)).status_code == 200


@pytest.fixture
async def attacker(stolen: Stolen) -> AsyncIterator[Attacker]:
    async with httpx.AsyncClient(base_url=stolen.issuer, trust_env=False, timeout=60) as http:
        yield Attacker(stolen, http)


async def test_k05_no_stored_value_is_accepted_as_any_credential(stolen: Stolen, attacker: Attacker) -> None:
    candidates = stolen.candidates()
    assert len(candidates) > 1_000, "the service was in real use"
    for kind, accepts in attacker.kinds.items():
        waiting, accepted = iter(candidates), []

        async def work(accepts: Accepts, waiting: Iterator[str], accepted: list[str]) -> None:
            accepted.extend([value for value in waiting if await accepts(value)])

        await asyncio.gather(*(work(accepts, waiting, accepted) for _ in range(AT_ONCE)))
        assert accepted == [], kind
        assert await accepts(stolen.real[kind]), f"the twin: the same call accepts the real {kind}"


def test_k05_no_real_credential_stands_anywhere(stolen: Stolen) -> None:
    """Not in the dump in any spelling, and not in any file of the service."""
    spellings = {one for value in stolen.values for one in _spellings(value)}
    files = {file: file.read_bytes() for file in stolen.folder.rglob("*") if file.is_file()}
    for kind, value in stolen.real.items():
        assert value not in spellings, kind
        assert not [file.name for file, content in files.items() if value.encode() in content], kind
    assert stolen.client_id in spellings, "the twin: what does stand there is found"


async def test_k05_no_stored_value_is_a_password(stolen: Stolen) -> None:
    """Tried against the hash itself, which a thief can do at leisure; the log-in page would stop at five."""
    file = stolen.folder / "yizheng.db"
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT password_hash, id, number, name, phone FROM account JOIN account_index ON account_id = id "
            "ORDER BY id LIMIT 1"
        ).fetchall()
        digests = [row[0] for row in connection.execute("SELECT digest FROM account_index LIMIT 4")]
    hasher = Argon2Hasher(workers=2, queue=1_000)
    try:
        (encoded, *values) = rows[0]
        tried = {one for value in (encoded, *values, *digests) for one in _spellings(value)}
        assert len(tried) > 20
        assert not [one for one in tried if await hasher.verify(one, encoded)]
        assert await hasher.verify(city.PASSWORD, encoded), "the twin"
    finally:
        hasher.close()


async def test_l18_the_dump_and_public_knowledge_recover_no_id_number(stolen: Stolen) -> None:
    """Everybody's number is tried: in vain with what the dump shows, with success by who has the key."""
    numbers = [person.id_number for person in city.PEOPLE]
    octets = [value for value in stolen.values if isinstance(value, bytes)]
    macs = {one for value in octets if 32 <= len(value) <= 48 for one in (value, value[-32:])}
    known = [b"", b"citizen-id", b"licence-holder/111", *(value[:16] for value in octets), *macs]
    for number in numbers:
        tried = {hashlib.new(name, number.encode()).digest() for name in ("sha256", "sha3_256")}
        tried |= {hmac.digest(key, number.encode(), "sha256") for key in known}
        assert not tried & macs
    store = open_key_store(f"sqlite:///{stolen.folder}/keys/keyring.db")
    try:
        master = parse_master_key((stolen.folder / "keys" / "master").read_text())
        ring = KeyRing(store, master, BackendRegistry([SoftwareBackend()], default="software"), SystemClock())
        await ring.load()
        index = HmacIndex(ring, PEOPLE_INDEX)
        assert all(index.digest("citizen-id", number) in macs for number in numbers), "the twin"
    finally:
        await store.close()


async def test_k05_keys_are_not_in_the_dump(stolen: Stolen) -> None:
    """Neither the master key nor what it opens: private keys and secrets, in no spelling and in no file."""
    master = parse_master_key((stolen.folder / "keys" / "master").read_text())
    wrap, opened = KeyWrap(master), [master]
    store = open_key_store(f"sqlite:///{stolen.folder}/keys/keyring.db")
    try:
        async with store.engine.connect() as connection:
            for row in await connection.execute(select(keys_table).where(keys_table.c.sealed.is_not(None))):
                place = {name: row._mapping[name] for name in ("key_id", "purpose", "algorithm", "uri")}
                opened.append(wrap.open(bytes(row.sealed), **place))
    finally:
        await store.close()
    assert len(opened) > 15
    everything = {one for value in stolen.values for one in _spellings(value)}
    contents = {
        file: file.read_bytes()
        for file in stolen.folder.rglob("*")
        if file.is_file() and file != stolen.folder / "keys" / "master"
    }
    for value in opened:
        assert not _spellings(value) & everything
        assert not [file.name for file, content in contents.items() if value in content]
    texts = _spellings(master)
    found = (stolen.folder / "keys" / "master").read_text()
    assert any(text in found for text in texts), "the twin: in its own file the master key is found"
