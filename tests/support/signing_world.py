"""The e-seal service in memory or over a real database, for tests: one authority, one seal, quick to make."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from api.wiring.signing import CscServices, DigestServices, UseServices, build_cells
from core.db.database import Database, ReadTx
from core.errors import NotFound
from core.files.reading import whole
from core.files.scratch import FileBytes
from core.identifiers.uscc import check_character
from core.kv.port import KeyValueStore
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from keys.errors import KeyMissing, LibraryMissing
from keys.ports import FieldCipher, KeyProvider, Signer
from keys.profile import Profile
from keys.reencrypt.listed import ListedVault
from keys.spec import SignatureAlgorithm
from keys.stores.reencryption import SqlDiscardList
from keys.trust.judge import Judge
from keys.trust.model import Period, Service, Standing
from keys.tsa.client import TimestampClient
from signing.appearance.official_seal import SealDesign, draw
from signing.appearance.pdf_content import to_pdf_content
from signing.csc.activation import Activations
from signing.csc.credentials import Credentials
from signing.csc.sign import CscSigning
from signing.digests.ask import AskForDigest
from signing.digests.hashes import SignHashes
from signing.digests.sign import SignDigest
from signing.digests.terms import TellDigestTerms
from signing.eseal.judge import StampJudge
from signing.isolation.cells import Cells
from signing.isolation.port import Isolation
from signing.longlife.collect import CollectEvidence
from signing.longlife.extend import ExtendSignature
from signing.longlife.extend_file import ExtendFile
from signing.longlife.inspect import Inspect
from signing.longlife.look_up import CareOfFiles
from signing.longlife.ports import OwnAnswers, Timestamps
from signing.longlife.rooms import StampRoom
from signing.longlife.seal_at import SealAtLevel
from signing.longlife.tend import TendDocuments
from signing.model import GranteeKind, Seal, SealGrant, SealImage
from signing.national.department import DepartmentProfiles
from signing.national.give import GiveNationalForm
from signing.national.ports import Maker, NationalAuthority, NationalKeys, NationalStore
from signing.national.register import SealRegister
from signing.national.signers import RegisteredSigners
from signing.national.workshop import NationalWorkshop
from signing.pades.append import SignatureText, append_signature
from signing.pades.cms_writer import CmsWriter, cms_writer
from signing.pades.intake import open_for_sealing
from signing.pades.page_geometry import spot
from signing.pades.security_store import ValidationData
from signing.places import Placement
from signing.ports import (
    CertificateAuthority,
    NationalSigners,
    SealCertificates,
    SealLifeStore,
    SealStore,
    UseRequestStore,
)
from signing.preview_places import PreviewPlaces
from signing.reports.make import MakeReports
from signing.reports.seal_xml import SealXml
from signing.reports.typst_setter import TypstReportSetter
from signing.seal_file import SealFile
from signing.seal_ofd import SealOfd
from signing.seal_pdf import SealPdf
from signing.seals.activate import ActivateSeal
from signing.seals.apply import ApplyForSeal
from signing.seals.create import CreateSeal
from signing.seals.destroy import DestroySeal
from signing.seals.follow import FollowSeals
from signing.seals.grant import EndGrant, GrantSeal, GrantSealCommand
from signing.seals.look_up import Seals
from signing.seals.make import MakeSeal
from signing.seals.order import SealOrder
from signing.seals.renew import RenewSealCertificate
from signing.seals.review import ReviewApplication
from signing.seals.revoke import ChangeSealStatus
from signing.seals.take_over import TakeOverCertificate
from signing.seals.workshop import Workshop
from signing.settings import SigningSettings
from signing.stores.care import SqlCareStore
from signing.stores.life import SqlSealLifeStore
from signing.stores.national import SqlDepartmentStore, SqlNationalStore
from signing.stores.requests import SqlUseRequestStore
from signing.stores.sql import SqlSealStore
from signing.uses.ask import AskForUse
from signing.uses.decide import DecideRequest
from signing.uses.ledger import Ledger
from signing.uses.look_up import UseRequests
from signing.uses.seal_requested import SealRequested
from signing.uses.upkeep import RequestUpkeep
from signing.verification.look import LookAtFile
from signing.verification.report import VerificationReport
from signing.verify_file import VerifyFile
from signing.verify_ofd import VerifyOfd
from signing.verify_pdf import VerifyPdf
from signing.work_pool import WorkPool
from tests.support.clock import FakeClock
from tests.support.signing_fakes import PlainAuthority, PlainKeys, PlainSigner, key_for, name
from tests.support.trust_pki import FixedAnchors, entry

ORGANISATION = "11410199DEMA00025" + check_character("11410199DEMA00025")
CLIENT = Principal(PrincipalKind.CLIENT, "housing-app", organisation=ORGANISATION, scopes=frozenset({"seal:sign"}))
OFFICE = "示例市住房保障局"
SEAL_CODE = "4101990000017"
SIGNED_AT = dt.datetime(2026, 11, 23, 0, 58, 2, tzinfo=dt.UTC)
PLACE = Placement(1, 120, 200)


def order(code: str = SEAL_CODE, **options: Any) -> SealOrder:
    """A seal of the office."""
    return SealOrder(ORGANISATION, Text(OFFICE, "Housing Office"), code, **options)


@cache
def shared_cells(settings: SigningSettings | None = None) -> Cells:
    """Processes that read files, for all tests of one worker."""
    return build_cells(settings or SigningSettings())


@cache
def seal_image() -> SealImage:
    return SealImage(42.0, "", to_pdf_content(draw(SealDesign(OFFICE, SEAL_CODE, "演示专用"))))


@dataclass
class SealPress:
    """Signs files with one seal, without database, grants or ledger."""

    signer: PlainSigner
    certificates: tuple[bytes, ...]
    writer: CmsWriter

    def seal(
        self,
        content: bytes,
        *,
        field_name: str = "Signature1",
        place: Placement | None = PLACE,
        signed_at: dt.datetime = SIGNED_AT,
        reason: str = "公租房资格证明签发",
    ) -> bytes:
        reader = open_for_sealing(content, limit=100_000_000)
        where = (spot(reader, place, seal_image()),) if place else ()
        words = SignatureText(field_name, OFFICE, signed_at, reason)
        prepared = append_signature(content, reader, words, octets=self.writer.size, spots=where, image=seal_image())
        return prepared.fill(self.writer.sign(prepared.digest(self.writer.digest)))


def press(
    authority: PlainAuthority,
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256,
    *,
    code: str = SEAL_CODE,
    **certificate: Any,
) -> SealPress:
    """A seal press under `authority`; `certificate` options go to `Issuer.issue`."""
    key = key_for(algorithm)
    signer = PlainSigner(key, algorithm)
    leaf = authority.issuing.issue(name(OFFICE, OFFICE, code), key.public_key(), **certificate)
    chain = (der(leaf), authority.issuing.der)
    return SealPress(signer, chain, cms_writer(signer, chain))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def judge_of(authority: CertificateAuthority, clock: FakeClock) -> Judge:
    """A judge whose list has the authority's root alone; nothing was ever revoked."""
    always = (Period(Standing.GRANTED, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),)
    return Judge(FixedAnchors(entry(authority.issuing_chain()[-1], *Service, periods=always)), None, clock)


class _NoDatabase:
    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        yield cast(ReadTx, None)


class _NoRegister:
    async def seal_of_certificate(self, tx: ReadTx, digest: str) -> Seal | None:
        return None


@dataclass
class FileJudge:
    """`VerifyPdf` without a register: what the file alone says, under one authority's root."""

    authority: PlainAuthority
    clock: FakeClock = field(default_factory=FakeClock)
    settings: SigningSettings = field(default_factory=SigningSettings)
    judge: Judge | None = None
    cells: Isolation | None = None

    def __post_init__(self) -> None:
        pool = WorkPool(2, 64)
        self._verify = VerifyPdf(
            cast(Database, _NoDatabase()),
            cast(SealStore, _NoRegister()),
            self.judge or judge_of(self.authority, self.clock),
            self.clock,
            pool,
            LookAtFile(pool, self.cells or shared_cells(self.settings)),
            self.settings,
        )

    async def __call__(self, content: bytes) -> VerificationReport:
        return await self._verify(content)


class MemoryVault:
    """Implements `keys.ports.DocumentVault` in memory: what is kept is bound to its place, as encrypted files are."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.places: dict[str, str] = {}

    async def keep(self, content: FileBytes, *, context: str) -> str:
        address, sealed = self.seal(whole(content), context=context)
        await self.put(sealed)
        return address

    def seal(self, content: bytes, *, context: str) -> tuple[str, bytes]:
        sealed = f"{context}\0".encode() + content
        return hashlib.sha256(sealed).hexdigest(), sealed

    async def seal_file(self, content: FileBytes, *, context: str) -> tuple[str, FileBytes]:
        return self.seal(whole(content), context=context)

    async def put(self, sealed: FileBytes) -> None:
        address = hashlib.sha256(whole(sealed)).hexdigest()
        place, _, self.kept[address] = whole(sealed).partition(b"\0")
        self.places[address] = place.decode()

    async def remove(self, address: str) -> None:
        del self.kept[address]

    async def open(self, address: str, *, context: str) -> bytes:
        if address not in self.kept or self.places[address] != context:
            raise NotFound("blob-not-found", Text("没有", "none"))
        return self.kept[address]

    async def open_file(self, address: str, *, context: str) -> FileBytes:
        return await self.open(address, context=context)


@dataclass
class CertificatesNoted:
    """Implements `signing.ports.SealCertificates`: notes what it is asked to do."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    async def suspend(self, purpose: str) -> None:
        self.asked.append(("suspend", purpose))

    async def resume(self, purpose: str) -> None:
        self.asked.append(("resume", purpose))

    async def revoke(self, purpose: str) -> None:
        self.asked.append(("revoke", purpose))

    async def take_over(self, purpose: str, chain: Sequence[bytes]) -> tuple[bytes, ...]:
        self.asked.append(("take over", purpose))
        return tuple(chain[:-1])

    async def request(self, *, purpose: str, **_: str) -> bytes:
        self.asked.append(("request", purpose))
        return b"request"


class NoNationalAuthority:
    """Implements `signing.national.ports.NationalAuthority` where there is none."""

    def issuing_chain(self) -> Sequence[bytes]:
        raise KeyMissing("ca.seals-sm2")

    async def issue_seal_certificate(self, *, purpose: str, **_: object) -> bytes:
        raise KeyMissing(purpose)

    async def maker(self, *, until: dt.datetime) -> Maker:
        raise KeyMissing("eseal.maker")


class NoNationalKeys:
    """Implements `signing.national.ports.NationalKeys` where there is no SM2."""

    async def check(self) -> None:
        raise LibraryMissing("none here")

    async def make(self, purpose: str) -> Signer:
        raise LibraryMissing("none here")

    async def signer_of(self, key_id: str) -> Signer:
        raise KeyMissing(key_id)

    async def settle(self, purpose: str, key_id: str) -> None:
        raise LibraryMissing("none here")


class SilentAuthority:
    """Implements `signing.longlife.ports.OwnAnswers`: answers nothing."""

    async def about(self, certificate: bytes, issuer: bytes) -> ValidationData:
        return ValidationData()


class Lasting:
    """What makes signatures last, over one judge; without authorities there are no time-stamps."""

    def __init__(
        self,
        judge: Judge,
        timestamps: Timestamps | None,
        answers: OwnAnswers,
        clock: FakeClock,
        pool: WorkPool,
        settings: SigningSettings,
    ) -> None:
        client, room = timestamps or TimestampClient([], clock), StampRoom()
        self.timestamps = client
        cells = shared_cells(settings)
        self.inspect = Inspect(judge, LookAtFile(pool, cells))
        collect = CollectEvidence(judge, answers)
        self.extend = ExtendSignature(self.inspect, collect, client, room, clock, pool, cells)
        self.seal_at = SealAtLevel(client, room, self.extend, pool)


@dataclass
class KeysEnded:
    """Implements `signing.ports.SealKeys`: notes which keys it was asked to destroy, and has none of others."""

    destroyed: list[str] = field(default_factory=list)

    async def destroy(self, purpose: str) -> None:
        self.destroyed.append(purpose)

    async def adopt(self, purpose: str, algorithm: SignatureAlgorithm, address: str) -> Signer:
        raise AssertionError((purpose, address))

    async def take_in(self, purpose: str, algorithm: SignatureAlgorithm, private: bytes) -> Signer:
        raise AssertionError(purpose)


@dataclass
class SealOffice:
    """All use cases of the e-seal service over one database."""

    database: Database
    clock: FakeClock
    keys: KeyProvider = field(default_factory=PlainKeys)
    authority: CertificateAuthority = field(default_factory=PlainAuthority.make)
    certificates: SealCertificates = field(default_factory=CertificatesNoted)
    store: SealStore = field(default_factory=SqlSealStore)
    life: SealLifeStore = field(default_factory=SqlSealLifeStore)
    requests: UseRequestStore = field(default_factory=SqlUseRequestStore)
    endings: Any = field(default_factory=KeysEnded)
    settings: SigningSettings = field(default_factory=SigningSettings)
    forms: NationalStore = field(default_factory=SqlNationalStore)
    national_keys: NationalKeys = field(default_factory=NoNationalKeys)
    national_authority: NationalAuthority = field(default_factory=NoNationalAuthority)
    profile: Profile = Profile.INTERNATIONAL
    judge: Judge | None = None
    timestamps: Timestamps | None = None
    national: NationalSigners | None = None
    answers: OwnAnswers = field(default_factory=lambda: SilentAuthority())
    report_seal: str = ""
    vault: Any = field(default_factory=MemoryVault)

    def __post_init__(self) -> None:
        large = WorkPool(1, self.settings.large_waiting)
        pool = WorkPool(self.settings.threads, self.settings.waiting, large=large)
        cells = shared_cells(self.settings)
        self.pool = pool
        shared = (self.database, self.store)
        lived = (*shared, self.life)
        self.national_workshop = NationalWorkshop(self.national_keys, self.national_authority, self.clock, pool)
        made_by = (self.keys, self.authority, self.certificates, self.endings, self.clock, pool)
        workshop = Workshop(*made_by, self.national_workshop)
        self.departments = DepartmentProfiles(self.database, SqlDepartmentStore(), self.clock, self.profile)
        self.apply = ApplyForSeal(*lived, self.departments, workshop, self.clock)
        self.review = ReviewApplication(self.database, self.life, self.clock)
        self.make = MakeSeal(*lived, self.forms, workshop, self.certificates, self.clock)
        self.activate = ActivateSeal(*lived, self.certificates, self.clock)
        self.destroy = DestroySeal(*lived, self.endings, self.clock)
        self.create_seal = CreateSeal(*lived, self.forms, self.departments, workshop, self.clock)
        self.grant_seal = GrantSeal(*shared, self.clock)
        self.end_grant = EndGrant(*shared, self.clock)
        self.change_status = ChangeSealStatus(*lived, self.certificates, self.clock)
        self.take_over = TakeOverCertificate(*shared, self.certificates, self.clock)
        self.renew = RenewSealCertificate(
            *shared,
            self.forms,
            self.national_workshop,
            self.national_keys,
            self.authority,
            self.certificates,
            self.clock,
        )
        self.follow_seals = FollowSeals(*shared, self.forms, self.certificates, self.endings, self.national_keys)
        self.signers = RegisteredSigners(self.database, self.forms, self.national_keys)
        self.register = SealRegister(*lived, self.forms)
        self.give_form = GiveNationalForm(
            *lived,
            self.forms,
            self.national_workshop,
            self.certificates,
            self.endings,
            self.national_keys,
            self.clock,
        )
        self.seals = Seals(*lived, self.vault)
        asked = (*shared, self.requests)
        judge = self.judge or judge_of(self.authority, self.clock)
        self.lasting = Lasting(judge, self.timestamps, self.answers, self.clock, pool, self.settings)
        lasting = (self.lasting.seal_at, SqlCareStore())
        self.seal_pdf = SealPdf(
            *asked,
            self.vault,
            self.keys,
            self.clock,
            pool,
            cells,
            self.settings,
            *lasting,
            self.national or self.signers,
        )
        stamping = (self.clock, pool, cells, self.settings, self.lasting.timestamps)
        self.seal_ofd = SealOfd(*asked, self.vault, self.national or self.signers, *stamping)
        self.seal_file = SealFile(self.seal_pdf, self.seal_ofd)
        listed = ListedVault(self.vault, self.database, SqlDiscardList(), self.clock)
        self.uses = UseServices(
            ask=AskForUse(*asked, listed, self.clock, pool, cells, self.settings),
            decide=DecideRequest(*asked, self.clock),
            requests=UseRequests(*asked, self.vault),
            seal=SealRequested(self.database, self.requests, self.vault, self.seal_file, self.seals),
            ledger=Ledger(*shared),
            upkeep=RequestUpkeep(self.database, self.requests, SqlDiscardList(), self.clock),
        )
        room = StampRoom()
        self.digests = DigestServices(
            sign=SignDigest(*asked, self.vault, self.keys, self.clock, pool, self.lasting.timestamps, room),
            ask=AskForDigest(*asked, self.clock),
            terms=TellDigestTerms(*asked, self.keys, self.clock, room),
        )
        self.preview_places = PreviewPlaces(*shared, self.national or self.signers, pool, cells, self.settings)
        look = LookAtFile(pool, cells)
        self.verify_pdf = VerifyPdf(*shared, judge, self.clock, pool, look, self.settings, self.register)
        stamps = StampJudge(judge, self.register)
        verify_ofd = VerifyOfd(*shared, judge, stamps, self.register, self.clock, pool, cells, self.settings)
        self.verify_file = VerifyFile(self.verify_pdf, verify_ofd)
        self.care_of_files = CareOfFiles(self.database, self.seals, SqlCareStore())
        self.extend_file = ExtendFile(self.database, self.verify_pdf, self.lasting.extend, self.settings)
        seal_xml = SealXml(*shared, self.keys, self.clock)
        made_of = (*shared, TypstReportSetter(), self.seal_pdf, seal_xml, self.clock, pool)
        self.reports = MakeReports(*made_of, self.report_seal)
        self.tend = TendDocuments(
            self.database, SqlCareStore(), self.vault, SqlDiscardList(), self.lasting.extend, self.clock
        )

    def sign_hashes(self) -> SignHashes:
        return SignHashes(self.database, self.store, self.requests, self.keys, self.clock, self.pool)

    def csc(self, kv: KeyValueStore, cipher: FieldCipher) -> CscServices:
        """Seals as credentials, over a short-lived store."""
        credentials = Credentials(self.database, self.store, self.keys, self.clock)
        activations = Activations(kv, cipher, self.clock)
        return CscServices(
            credentials,
            CscSigning(self.database, credentials, activations, self.sign_hashes(), self.digests.sign, self.seal_pdf),
        )

    async def make_seal(self, code: str = SEAL_CODE, **options: Any) -> Seal:
        return await self.create_seal(order(code, **options), actor=SYSTEM)

    async def grant(self, seal: Seal, **changes: Any) -> SealGrant:
        """A grant to `CLIENT` for documents and licences, this year."""
        command = GrantSealCommand(
            seal_id=seal.id,
            grantee_kind=GranteeKind.CLIENT,
            grantee=CLIENT.id,
            document_classes=("document", "licence"),
            valid_from=dt.date(2026, 1, 1),
            valid_to=dt.date(2026, 12, 31),
            actor=SYSTEM,
        )
        return await self.grant_seal(replace(command, **changes))

    async def with_seal(self) -> SealOffice:
        """Itself, with one seal that `CLIENT` may use."""
        await self.grant(await self.make_seal())
        return self
