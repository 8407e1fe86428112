"""Puts the e-licence repository together."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.entrusting import EntrustServices, compose_entrusting
from api.wiring.ground import Ground
from api.wiring.lawful_use import UseServices, compose_use
from api.wiring.licence_life import LifeServices, compose_life
from certstore.bulk.export import ExportLicences
from certstore.catalogue import Catalogue
from certstore.consents import Consents
from certstore.copies import AnnotatedCopies
from certstore.documents import SealedDocuments, SealedVault
from certstore.end import EndLicence
from certstore.entrust.ports import PersonDirectory
from certstore.exemption import CheckExemption
from certstore.find import FindLicences
from certstore.holder import MyAccesses, MyLicences
from certstore.holder_news import HolderNews
from certstore.issue import IssueLicence
from certstore.life.proposals import Colleagues
from certstore.look_log import LookLog
from certstore.make_file import FileMaker
from certstore.making import VersionMaker
from certstore.model import Quota
from certstore.numbering import LicenceNumbers
from certstore.ports import (
    AgencyDirectory,
    DocumentJudge,
    HolderDirectory,
    LicenceSealer,
    OfdMaker,
    OrganisationDirectory,
    Renderer,
)
from certstore.quota import CLERK_QUOTA, UseQuota
from certstore.read import ReadLicence
from certstore.records import RecordOriginals
from certstore.render.typst_renderer import TypstRenderer
from certstore.repository import Repository
from certstore.search import SearchLicences
from certstore.stores.access import SqlAccessStore
from certstore.stores.catalogue import SqlCatalogueStore
from certstore.stores.consents import SqlConsentStore
from certstore.stores.due import SqlDueStore
from certstore.stores.files import SqlFileStore
from certstore.stores.find import SqlFindStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.numbers import SqlNumberStore
from certstore.stores.templates import SqlTemplateStore
from certstore.stores.use_rules import SqlUseRuleStore
from certstore.templates.desk import TemplateDesk
from certstore.templates.rendering import TemplateRenderer
from certstore.uploads.qr_reader import ProcessQrReader
from certstore.verify import VerifyLicence
from certstore.verify_fields import CompareFields
from certstore.verify_file import VerifyLicenceFile
from core.clock import Clock
from core.db.database import Database
from core.kv.port import KeyValueStore
from keys.ports import BlindIndex, FieldCipher, TokenDigests
from keys.stores.reencryption import SqlDiscardList


@dataclass(frozen=True)
class CertstoreServices:
    """The use cases of the e-licence repository."""

    catalogue: Catalogue
    templates: TemplateDesk
    issue: IssueLicence
    end: EndLicence
    read: ReadLicence
    search: SearchLicences
    check_exemption: CheckExemption
    consents: Consents
    copies: AnnotatedCopies
    verify: VerifyLicence
    compare_fields: CompareFields
    verify_file: VerifyLicenceFile
    my_licences: MyLicences
    my_accesses: MyAccesses
    find: FindLicences
    export: ExportLicences
    life: LifeServices
    maker: VersionMaker
    use: UseServices
    entrusting: EntrustServices
    renderer: Renderer
    files: FileMaker


@dataclass(frozen=True)
class CertstoreGround:
    """What the repository stands on."""

    database: Database
    clock: Clock
    kv: KeyValueStore
    documents: SealedVault
    fields: FieldCipher
    index: BlindIndex
    digests: TokenDigests
    issuer: str
    clerk_quota: Quota = CLERK_QUOTA


def build_certstore(
    ground: Ground,
    *,
    sealer: LicenceSealer,
    judge: DocumentJudge,
    holders: HolderDirectory,
    organisations: OrganisationDirectory,
    colleagues: Colleagues,
    agencies: AgencyDirectory,
    persons: PersonDirectory,
    news: HolderNews,
    ofd: OfdMaker,
) -> CertstoreServices:
    """Compose the repository on the service's ground."""
    return compose_certstore(
        narrow_ground(ground),
        sealer=sealer,
        judge=judge,
        holders=holders,
        organisations=organisations,
        colleagues=colleagues,
        agencies=agencies,
        persons=persons,
        news=news,
        faces=TypstRenderer(),
        ofd=ofd,
    )


def narrow_ground(ground: Ground) -> CertstoreGround:
    """The part of the service's ground that the repository may use."""
    secrets = ground.keys.secrets
    return CertstoreGround(
        ground.database,
        ground.clock,
        ground.kv,
        ground.documents,
        secrets.fields.licences,
        secrets.indexes.licences,
        secrets.tokens,
        ground.settings.issuer,
        Quota(ground.settings.clerk_looks_per_hour, ground.settings.clerk_looks_per_day),
    )


def repository_of(ground: CertstoreGround) -> Repository:
    """The stores that all use cases share."""
    catalogue, access = SqlCatalogueStore(), SqlAccessStore(ground.fields, ground.index)
    return Repository(
        database=ground.database,
        clock=ground.clock,
        catalogue=catalogue,
        licences=SqlLicenceStore(ground.fields, ground.index),
        files=SqlFileStore(),
        consents=SqlConsentStore(ground.fields, ground.index),
        access=access,
        quota=UseQuota(ground.kv, ground.clock, ground.clerk_quota),
        rules=SqlUseRuleStore(catalogue),
        looks=LookLog(ground.database, access),
    )


def compose_certstore(
    ground: CertstoreGround,
    *,
    sealer: LicenceSealer,
    judge: DocumentJudge,
    holders: HolderDirectory,
    organisations: OrganisationDirectory,
    colleagues: Colleagues,
    agencies: AgencyDirectory,
    persons: PersonDirectory,
    news: HolderNews,
    faces: TypstRenderer,
    ofd: OfdMaker | None = None,
) -> CertstoreServices:
    """Compose the repository from its ports.

    Args:
        agencies: who may act for organisations.
    """
    repository = repository_of(ground)
    templates = SqlTemplateStore()
    renderer = TemplateRenderer(faces, faces, ground.database, templates)
    verify_address = f"{ground.issuer}/verify"
    documents = SealedDocuments(ground.documents, ground.clock, ground.database, SqlDiscardList())
    files = FileMaker(renderer, sealer, verify_address, ofd)
    maker = VersionMaker(ground.clock, documents, files, organisations, verify_address)
    numbers = LicenceNumbers(ground.database, SqlNumberStore())
    issue, end = IssueLicence(repository, maker, ground.digests, numbers), EndLicence(repository, ground.digests)
    entrusting = compose_entrusting(
        repository,
        persons=persons,
        organisations=organisations,
        for_organisations=agencies,
        fields=ground.fields,
        index=ground.index,
        kv=ground.kv,
        news=news,
        digests=ground.digests,
    )
    check = CheckExemption(repository, organisations, entrusting.agencies)
    copies = AnnotatedCopies(repository, documents, files, organisations, verify_address)
    consents = Consents(
        repository,
        holders,
        organisations,
        entrusting.agencies,
        ground.digests,
        decision_address=f"{ground.issuer}/consents",
        verify_address=verify_address,
    )
    find_store = SqlFindStore(SqlLicenceStore(ground.fields, ground.index), ground.index)
    find = FindLicences(repository, find_store)
    return CertstoreServices(
        catalogue=Catalogue(repository, renderer, files),
        templates=TemplateDesk(repository, templates, faces, ProcessQrReader(), verify_address),
        issue=issue,
        end=end,
        read=ReadLicence(repository, documents, RecordOriginals(repository, maker), holders, organisations),
        search=SearchLicences(repository, organisations),
        check_exemption=check,
        consents=consents,
        copies=copies,
        verify=VerifyLicence(repository, organisations),
        compare_fields=CompareFields(repository, ground.kv),
        verify_file=VerifyLicenceFile(repository, judge, organisations),
        my_licences=MyLicences(repository, holders, organisations),
        find=find,
        export=ExportLicences(repository, find, find_store),
        my_accesses=MyAccesses(repository, holders, organisations),
        maker=maker,
        entrusting=entrusting,
        renderer=renderer,
        files=files,
        life=compose_life(
            repository,
            maker,
            issue,
            end,
            colleagues,
            digests=ground.digests,
            fields=ground.fields,
            due=SqlDueStore(SqlLicenceStore(ground.fields, ground.index)),
        ),
        use=compose_use(
            repository,
            check,
            consents,
            copies,
            organisations,
            fields=ground.fields,
            digests=ground.digests,
            kv=ground.kv,
            verify_address=verify_address,
        ),
    )
