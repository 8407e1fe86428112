"""Puts the e-seal service together."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.ground import Ground
from keys.reencrypt.listed import ListedVault
from keys.stores.reencryption import SqlDiscardList
from signing.appearance.scan_reader import ReadScan
from signing.convert_ofd import ConvertOfd
from signing.convert_pdf import ConvertPdf
from signing.csc.activation import Activations
from signing.csc.credentials import Credentials
from signing.csc.sign import CscSigning
from signing.digests.ask import AskForDigest
from signing.digests.hashes import SignHashes
from signing.digests.sign import SignDigest
from signing.digests.terms import TellDigestTerms
from signing.eseal.judge import StampJudge
from signing.isolation.cells import Cells
from signing.longlife.collect import CollectEvidence
from signing.longlife.extend import ExtendSignature
from signing.longlife.extend_file import ExtendFile
from signing.longlife.inspect import Inspect
from signing.longlife.look_up import CareOfFiles
from signing.longlife.ports import CareStore, OwnAnswers, Timestamps
from signing.longlife.rooms import StampRoom
from signing.longlife.seal_at import SealAtLevel
from signing.longlife.tend import TendDocuments
from signing.national.department import DepartmentProfiles
from signing.national.forms import NationalForms
from signing.national.give import GiveNationalForm
from signing.national.ports import NationalAuthority, NationalKeys
from signing.national.register import SealRegister
from signing.national.signers import RegisteredSigners
from signing.national.workshop import NationalWorkshop
from signing.ports import CertificateAuthority, CertificateJudge, NationalSigners, SealCertificates, SealKeys
from signing.preview_places import PreviewPlaces
from signing.reports.make import MakeReports
from signing.reports.seal_xml import SealXml
from signing.reports.typst_setter import TypstReportSetter
from signing.seal_file import SealFile
from signing.seal_ofd import SealOfd
from signing.seal_pdf import SealPdf
from signing.seals.activate import ActivateSeal
from signing.seals.apply import ApplyForSeal
from signing.seals.certificate import LookAtCertificate
from signing.seals.create import CreateSeal
from signing.seals.destroy import DestroySeal
from signing.seals.follow import FollowSeals
from signing.seals.grant import EndGrant, GrantSeal
from signing.seals.look_up import Seals
from signing.seals.make import MakeSeal
from signing.seals.renew import RenewSealCertificate
from signing.seals.review import ReviewApplication
from signing.seals.revoke import ChangeSealStatus
from signing.seals.take_over import TakeOverCertificate
from signing.seals.workshop import Workshop
from signing.settings import SigningSettings
from signing.show_ofd import ShowOfd
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
from signing.verify_file import VerifyFile
from signing.verify_ofd import VerifyOfd
from signing.verify_pdf import VerifyPdf
from signing.work_pool import WorkPool


@dataclass(frozen=True)
class UseServices:
    """Uses that a second person approves, and the ledger of all uses."""

    ask: AskForUse
    decide: DecideRequest
    requests: UseRequests
    seal: SealRequested
    ledger: Ledger
    upkeep: RequestUpkeep


@dataclass(frozen=True)
class DigestServices:
    """Digests in place of documents."""

    sign: SignDigest
    ask: AskForDigest
    terms: TellDigestTerms


@dataclass(frozen=True)
class CscServices:
    """Seals as credentials of the Cloud Signature Consortium's API."""

    credentials: Credentials
    signing: CscSigning


@dataclass(frozen=True)
class NationalServices:
    """Seals in their national form.

    Attributes:
        signers: find the form of a seal of ours, ready to stamp.
        register: what we know of a national seal; `signing.eseal.judge.StampJudge` asks it about states.
        give: adds the form to seals that are in use.
        departments: what departments want where an application does not say.
        forms: every edition that a seal has or had.
    """

    signers: NationalSigners
    register: SealRegister
    give: GiveNationalForm
    departments: DepartmentProfiles
    forms: NationalForms


@dataclass(frozen=True)
class SigningServices:
    """The use cases of the e-seal service."""

    settings: SigningSettings
    seal_pdf: SealPdf
    seal_ofd: SealOfd
    seal_file: SealFile
    verify_pdf: VerifyPdf
    verify_file: VerifyFile
    convert_pdf: ConvertPdf
    apply_for_seal: ApplyForSeal
    review_application: ReviewApplication
    make_seal: MakeSeal
    activate_seal: ActivateSeal
    create_seal: CreateSeal
    destroy_seal: DestroySeal
    grant_seal: GrantSeal
    end_grant: EndGrant
    change_seal_status: ChangeSealStatus
    take_over_certificate: TakeOverCertificate
    follow_seals: FollowSeals
    renew_seal: RenewSealCertificate
    seals: Seals
    extend: ExtendSignature
    extend_file: ExtendFile
    tend: TendDocuments
    care: CareStore
    care_of_files: CareOfFiles
    uses: UseServices
    digests: DigestServices
    csc: CscServices
    national: NationalServices
    preview_places: PreviewPlaces
    reports: MakeReports
    read_scan: ReadScan
    show_ofd: ShowOfd
    convert_ofd: ConvertOfd
    look_at_certificate: LookAtCertificate
    pool: WorkPool
    cells: Cells

    def close(self) -> None:
        self.pool.close()
        self.cells.close()


READERS = (
    "signing.verification.facts",
    "signing.placing.prepare",
    "signing.placing.places_found",
    "signing.pades.revision",
    "signing.ofd.seal.plan",
    "signing.ofd.look_inside",
    "signing.ofd.facts",
    "signing.ofd.show.write_pdf",
    "signing.ofd.from_pdf.convert",
)
"""Modules that read strangers' files, in processes apart."""


def build_cells(settings: SigningSettings) -> Cells:
    """The processes for `READERS`; they begin when the first file comes."""
    return Cells(
        READERS,
        processes=settings.threads,
        seconds=settings.seconds_for,
        mebibytes=settings.mebibytes_per_file,
    )


def build_signing(
    ground: Ground,
    authority: CertificateAuthority,
    certificates: SealCertificates,
    endings: SealKeys,
    judge: CertificateJudge,
    timestamps: Timestamps,
    answers: OwnAnswers,
    national_authority: NationalAuthority,
    national_keys: NationalKeys,
    settings: SigningSettings | None = None,
) -> SigningServices:
    """Compose on the ground.

    Args:
        timestamps: whom to ask for time-stamps.
        answers: what our own authorities say about their certificates.
        national_authority: certifies and signs national seals.
        national_keys: where SM2 keys of seals are.
    """
    settings = settings or SigningSettings()
    store, life, requests = SqlSealStore(), SqlSealLifeStore(), SqlUseRequestStore()
    # one large file at a time: it keeps a processor and a disk busy for seconds
    pool = WorkPool(settings.threads, settings.waiting, large=WorkPool(1, settings.large_waiting))
    cells = build_cells(settings)
    look = LookAtFile(pool, cells)
    database, clock, ring, vault = ground.database, ground.clock, ground.keys.ring, ground.documents
    national = SqlNationalStore()
    national_workshop = NationalWorkshop(national_keys, national_authority, clock, pool)
    departments = DepartmentProfiles(database, SqlDepartmentStore(), clock, ground.settings.profile)
    workshop = Workshop(ring, authority, certificates, endings, clock, pool, national_workshop)
    signers = RegisteredSigners(database, national, national_keys)
    seals = Seals(database, store, life, vault)
    care, room = SqlCareStore(), StampRoom()
    extend = ExtendSignature(
        Inspect(judge, look), CollectEvidence(judge, answers), timestamps, room, clock, pool, cells
    )
    seal_at = SealAtLevel(timestamps, room, extend, pool)
    seal_pdf = SealPdf(database, store, requests, vault, ring, clock, pool, cells, settings, seal_at, care, signers)
    stamping = (clock, pool, cells, settings, timestamps)
    seal_ofd = SealOfd(database, store, requests, vault, signers, *stamping)
    seal_file = SealFile(seal_pdf, seal_ofd)
    register = SealRegister(database, store, life, national)
    verify_pdf = VerifyPdf(database, store, judge, clock, pool, look, settings, register)
    stamps = StampJudge(judge, register)
    verify_ofd = VerifyOfd(database, store, judge, stamps, register, clock, pool, cells, settings)
    credentials = Credentials(database, store, ring, clock)
    listed = ListedVault(vault, database, SqlDiscardList(), clock)
    sign_digest = SignDigest(database, store, requests, listed, ring, clock, pool, timestamps, room)
    sign_hashes = SignHashes(database, store, requests, ring, clock, pool)
    activations = Activations(ground.kv, ground.keys.secrets.fields.short_lived, clock)
    return SigningServices(
        settings=settings,
        seal_pdf=seal_pdf,
        seal_ofd=seal_ofd,
        seal_file=seal_file,
        verify_pdf=verify_pdf,
        verify_file=VerifyFile(verify_pdf, verify_ofd),
        apply_for_seal=ApplyForSeal(database, store, life, departments, workshop, clock),
        convert_pdf=ConvertPdf(pool, cells, settings),
        review_application=ReviewApplication(database, life, clock),
        make_seal=MakeSeal(database, store, life, national, workshop, certificates, clock),
        activate_seal=ActivateSeal(database, store, life, certificates, clock),
        create_seal=CreateSeal(database, store, life, national, departments, workshop, clock),
        destroy_seal=DestroySeal(database, store, life, endings, clock),
        grant_seal=GrantSeal(database, store, clock),
        end_grant=EndGrant(database, store, clock),
        renew_seal=RenewSealCertificate(
            database, store, national, national_workshop, national_keys, authority, certificates, clock
        ),
        change_seal_status=ChangeSealStatus(database, store, life, certificates, clock),
        take_over_certificate=TakeOverCertificate(database, store, certificates, clock),
        follow_seals=FollowSeals(database, store, national, certificates, endings, national_keys),
        seals=seals,
        preview_places=PreviewPlaces(database, store, signers, pool, cells, settings),
        read_scan=ReadScan(),
        show_ofd=ShowOfd(pool, cells),
        convert_ofd=ConvertOfd(pool, cells),
        look_at_certificate=LookAtCertificate(database, store, judge, clock),
        uses=UseServices(
            ask=AskForUse(database, store, requests, listed, clock, pool, cells, settings),
            decide=DecideRequest(database, store, requests, clock),
            requests=UseRequests(database, store, requests, vault),
            seal=SealRequested(database, requests, vault, seal_file, seals),
            ledger=Ledger(database, store),
            upkeep=RequestUpkeep(database, requests, SqlDiscardList(), clock),
        ),
        digests=DigestServices(
            sign=sign_digest,
            ask=AskForDigest(database, store, requests, clock),
            terms=TellDigestTerms(database, store, requests, ring, clock, room),
        ),
        csc=CscServices(
            credentials, CscSigning(database, credentials, activations, sign_hashes, sign_digest, seal_pdf)
        ),
        national=NationalServices(
            signers=signers,
            register=register,
            give=GiveNationalForm(
                database,
                store,
                life,
                national,
                national_workshop,
                certificates,
                endings,
                national_keys,
                clock,
            ),
            departments=departments,
            forms=NationalForms(database, store, national),
        ),
        extend=extend,
        extend_file=ExtendFile(database, verify_pdf, extend, settings),
        tend=TendDocuments(database, care, vault, SqlDiscardList(), extend, clock),
        care=care,
        care_of_files=CareOfFiles(database, seals, care),
        reports=MakeReports(
            database,
            store,
            TypstReportSetter(),
            seal_pdf,
            SealXml(database, store, ring, clock),
            clock,
            pool,
            ground.settings.report_seal_code,
        ),
        pool=pool,
        cells=cells,
    )
