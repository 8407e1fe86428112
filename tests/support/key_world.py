"""A world in which people hold keys: passkeys on devices in software, certificates, phones that scan."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from core.text import Text
from idp.factors.passkeys.challenges import Ceremony
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.login.sessions import Visit
from idp.login.steps import MoreNeeded, SignedIn
from idp.model import Session
from idp.settings import IdpSettings
from keys.trust.faults import UNKNOWN
from keys.trust.judgement import Judgement
from keys.trust.model import Assurance, Period, Service, Standing, TrustEntry
from tests.support.authenticator import SEEN, Authenticator
from tests.support.clock import START, FakeClock
from tests.support.idp_world import ISSUER, IdpWorld, Somebody, cluster_world, embedded_world
from tests.support.servers import PostgresServer, RedisServer

HOST = "id.example.test"
SECURITY = "/me/security/passkeys"
EXTENSION = x509.ObjectIdentifier("1.2.156.10260.4.1.1")


class PersonAuthorities:
    """Implements `idp.clients.ports.CertificateJudge`: what it thinks of each certificate is up to the test."""

    def __init__(self) -> None:
        self.assured: dict[bytes, Assurance] = {}

    async def judge(self, certificate: bytes, others: Sequence[bytes] = (), *, service: Service) -> Judgement:
        assert service is Service.LOGIN
        assurance = self.assured.get(certificate)
        if assurance is None:
            return Judgement(service, START, UNKNOWN)
        periods = (Period(Standing.GRANTED, START - dt.timedelta(days=900)),)
        entry = TrustEntry(b"", Text("示例 CA", "Example CA"), frozenset({service}), assurance, periods)
        return Judgement(service, START, None, (certificate,), entry)


@dataclass
class KeyWorld:
    """Everything a test needs."""

    idp: IdpWorld
    authorities: PersonAuthorities = field(default_factory=PersonAuthorities)

    @property
    def keys(self) -> Any:
        return self.idp.idp.keys

    @property
    def clock(self) -> FakeClock:
        return self.idp.clock

    def here(self, **changes: Any) -> Circumstances:
        """Somebody's browser."""
        return dataclasses.replace(Circumstances("192.0.2.10", "Edg/120 Windows"), **changes)

    async def log_in(self, who: Somebody, *, source: str = "192.0.2.10") -> str:
        """With the password only; the session cookie."""
        done = await self.idp.idp.log_in(who.number, who.password, self.here(source=source))
        assert isinstance(done, SignedIn)
        return done.session_cookie_value

    async def log_in_strongly(self, who: Somebody) -> str:
        """With password and a code by text message, as the pages below /me/security ask for it."""
        idp = self.idp.idp
        more = await idp.log_in(who.number, who.password, self.here(goal=SECURITY))
        assert isinstance(more, MoreNeeded), "whoever changes factors shows both"
        here = self.here(step_cookie=more.step_cookie_value)
        await idp.factors.send_step_code(Method.SMS, here, "zh")
        done = await idp.factors.check_step(Method.SMS, self.idp.sender.code(who.phone), here)
        assert isinstance(done, SignedIn)
        assert done.goal == SECURITY
        self.clock.advance(61)  # until the next code may be sent
        return done.session_cookie_value

    async def visit(self, cookie: str) -> Visit:
        found = await self.idp.idp.sessions.find(cookie)
        assert found is not None
        return found

    async def session(self, done: SignedIn | MoreNeeded) -> Session:
        """The session that a log-in has opened."""
        assert isinstance(done, SignedIn), done
        return (await self.visit(done.session_cookie_value)).session

    async def enrol(self, cookie: str, device: Authenticator | None = None, name: str = "我的手机") -> Authenticator:
        """Make a passkey on a device."""
        device = device or Authenticator(ISSUER, HOST)
        terms = await self.keys.enrol_passkey.begin(cookie)
        await self.keys.enrol_passkey(cookie, device.register(terms.challenge, terms.user_handle), name)
        return device

    def challenge(self, browser: str = "browser") -> bytes:
        return bytes(self.keys.challenges.make(Ceremony.LOG_IN, browser))

    async def use(
        self, device: Authenticator, *, browser: str = "browser", here: Circumstances | None = None
    ) -> SignedIn | MoreNeeded:
        """Log in with it."""
        answer = device.sign(self.challenge(browser), flags=SEEN)
        done: SignedIn | MoreNeeded = await self.keys.log_in_by_passkey(answer, browser, here or self.here())
        return done


@contextlib.asynccontextmanager
async def key_world(
    folder: Path, clock: FakeClock, servers: tuple[PostgresServer, RedisServer] | None = None, **changes: Any
) -> AsyncIterator[KeyWorld]:
    """On SQLite and the embedded store, or on the `servers`; `changes` to the settings."""
    authorities = PersonAuthorities()
    options: dict[str, Any] = {
        "settings": IdpSettings(issuer=ISSUER, even_answers=0, client_certificates=True, **changes),
        "judge": authorities,
    }
    opened = (
        embedded_world(folder, clock, **options)
        if servers is None
        else cluster_world(*servers, folder, clock, **options)
    )
    async with opened as idp:
        yield KeyWorld(idp, authorities)


def person_certificate(
    *, serial: str | None = None, extension: bytes | None = None, name: str = "somebody", oid: str | None = None
) -> bytes:
    """A certificate, DER, with an ID number where the test wants it."""
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if serial is not None:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    subject = x509.Name(parts)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example CA")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START - dt.timedelta(days=30))
        .not_valid_after(START + dt.timedelta(days=300))
    )
    if extension is not None:
        known = EXTENSION if oid is None else x509.ObjectIdentifier(oid)
        builder = builder.add_extension(x509.UnrecognizedExtension(known, extension), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
