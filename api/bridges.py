"""Where two domains meet: each bridge serves a port that one domain owns with a use case of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from certstore.bulk.model import NameClaim
from certstore.codes import CITIZEN_ID, ORGANISATION_CODE, HolderCode
from certstore.entrust.model import KnownPerson
from certstore.holder_news import News
from certstore.lasting.ports import Prolonged
from certstore.model import Lasting
from certstore.ports import Act, DocumentJudgement, HolderIdentity, Mandate, OfdAbout, SealAnchor, SealedFile
from certstore.subscriptions.other_news import OtherNews
from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.files.reading import whole
from core.identifiers.documents import Document, DocumentKind
from core.identifiers.names import folded_name
from core.principal import SYSTEM, Principal, PrincipalKind
from core.text import Text
from idp.agency.acting import Acting
from idp.directory import Directory
from idp.known_names import KnownNames
from idp.model import NoticeKind
from idp.telling import TellPerson, Told
from keys.errors import KeyMissing
from keys.journal import KeyEvent
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.spec import KeyState, SignatureAlgorithm
from signing.batches.model import Owner
from signing.convert_pdf import ConvertPdf
from signing.errors import LevelNotReached, SealNotFound
from signing.levels import Level, LevelPolicy
from signing.longlife.extend import ExtendSignature
from signing.longlife.tend import next_step
from signing.model import Seal, SealedPdf, SealKind, SealOfdCommand, SealPdfCommand, SealStatus
from signing.national.forms import NationalForms
from signing.ofd.from_pdf.convert import OfdWords
from signing.places import Placement
from signing.profiles import PdfProfile
from signing.seal_ofd import SealOfd
from signing.seal_pdf import SealPdf
from signing.seals.look_up import Seals
from signing.seals.renew import RenewSealCertificate
from signing.verify_file import VerifyFile

LICENCE_CLASS = "licence"
LICENCE_SEALS = frozenset({SealKind.OFFICIAL, SealKind.LICENCE})
SIGN = "seal:sign"
SEAL_LINE = "certificate/seal/"
NATIONAL_LINE = "certificate/eseal/"
FOREIGN_RESIDENT = "553"
HOLDER_CODES = {
    DocumentKind.CITIZEN_ID: CITIZEN_ID,
    DocumentKind.RESIDENCE_PERMIT: CITIZEN_ID,
    DocumentKind.FOREIGN_RESIDENT: FOREIGN_RESIDENT,
    DocumentKind.HK_MACAO_PERMIT: "516",
    DocumentKind.TAIWAN_PERMIT: "511",
    DocumentKind.PASSPORT: "414",
}
COPY_CLASS = "licence-copy"  # sealed by the repository itself, under the department's standing grant


class DepartmentSealer:
    """`certstore.ports.LicenceSealer`: the issuing department's active official seal.

    Args:
        level: how long its signature is to last, if that can be had.
    """

    def __init__(
        self,
        seals: Seals,
        seal_pdf: SealPdf,
        clock: Clock,
        level: Level = Level.B_B,
        *,
        seal_ofd: SealOfd,
        forms: NationalForms,
    ) -> None:
        self._seal_ofd = seal_ofd
        self._forms = forms
        self._seals = seals
        self._seal_pdf = seal_pdf
        self._clock = clock
        self._level = level

    async def seal(
        self,
        pdf: bytes | None,
        *,
        organisation: str,
        licence_id: str,
        actor: Principal,
        placement: SealAnchor,
        seal_code: str | None = None,
        sealed_before: str | None = None,
        ofd: bytes | None = None,
    ) -> SealedFile:
        seal = await self._chosen(organisation, seal_code, sealed_before)
        document_class = COPY_CLASS if actor.kind is PrincipalKind.SYSTEM else LICENCE_CLASS
        beside = None if ofd is None else await self._stamped(ofd, seal, actor, document_class, placement)
        if pdf is None:
            assert beside is not None  # one of the two is to be sealed
            return beside
        sealed = await self._seal_pdf(
            SealPdfCommand(
                pdf=pdf,
                seal_id=seal.id,
                actor=actor,
                document_class=document_class,
                placement=Placement(placement.page, placement.x_mm, placement.y_mm),
                keep=False,  # the repository keeps the file itself
                level=self._level,
                level_policy=LevelPolicy.AT_LEAST_B_B,  # a licence is not held up by a time-stamping authority
                profile=PdfProfile.PADES,  # whatever its seal does first, a licence is verified everywhere
            )
        )
        lasting = self._lasting(sealed)
        content, revision = whole(sealed.content), sealed.revision
        return SealedFile(content, sealed.seal_id, sealed.signature_id, revision, lasting, beside)

    async def _stamped(
        self, ofd: bytes, seal: Seal, actor: Principal, document_class: str, placement: SealAnchor
    ) -> SealedFile:
        """The first of the two, for it is the one that a seal without a national form refuses."""
        sealed = await self._seal_ofd(
            SealOfdCommand(
                ofd=ofd,
                seal_id=seal.id,
                actor=actor,
                document_class=document_class,
                placement=Placement(placement.page, placement.x_mm, placement.y_mm),
                keep=False,
                level=self._level if self._level.rank <= Level.B_T.rank else Level.B_T,
                level_policy=LevelPolicy.AT_LEAST_B_B,
            )
        )
        return SealedFile(whole(sealed.content), sealed.seal_id, sealed.signature_id)

    async def has(self, organisation: str, seal_code: str) -> bool:
        return await self._named(organisation, seal_code) is not None

    async def stamps(self, organisation: str) -> bool | None:
        seals = await self._usable(organisation)
        for seal in seals:
            if await self._forms.current(seal.id) is not None:
                return True
        return False if seals else None

    def _lasting(self, sealed: SealedPdf) -> Lasting | None:
        level = Level(sealed.level)
        due_at = next_step(level, self._level, sealed.renew_by, self._clock.now())
        return None if due_at is None and level.rank <= Level.B_T.rank else Lasting(level.value, due_at)

    async def _chosen(self, organisation: str, seal_code: str | None, before: str | None) -> Seal:
        if seal_code is not None:
            found = await self._named(organisation, seal_code)
            if found is None:
                raise SealNotFound
            return found
        if before is not None:
            found = next((seal for seal in await self._usable(organisation) if seal.id == before), None)
            if found is not None:
                return found
        return await self._seals.active_seal_of(organisation)

    async def _named(self, organisation: str, seal_code: str) -> Seal | None:
        return next((seal for seal in await self._usable(organisation) if seal.code == seal_code), None)

    async def _usable(self, organisation: str) -> list[Seal]:
        every = await self._seals.of_organisation(organisation)
        return [seal for seal in every if seal.status is SealStatus.ACTIVE and seal.kind in LICENCE_SEALS]


class LicenceOfds:
    """`certstore.ports.OfdMaker`: the signing domain's converter."""

    def __init__(self, convert: ConvertPdf) -> None:
        self._convert = convert

    async def make(self, pdf: bytes, about: OfdAbout) -> bytes:
        words = OfdWords(about.doc_id, about.title, about.author, about.created, about.custom)
        return (await self._convert(pdf, words)).content


class SealProlonger:
    """`certstore.lasting.ports.Prolonger`: the e-seal service, at the level that licences are to have."""

    def __init__(self, extend: ExtendSignature, clock: Clock, level: Level) -> None:
        self._extend = extend
        self._clock = clock
        self._level = level

    async def __call__(self, content: bytes, *, signature_id: str) -> Prolonged:
        # due at the archive level means that its time-stamps are to be renewed
        renew = self._level is Level.B_LTA
        made = await self._extend(content, self._level, field=signature_id, renew=renew)
        if len(made.content) == len(content):
            raise made.missing or LevelNotReached(self._level.value, made.level.value)
        due_at = next_step(made.level, self._level, made.renew_by, self._clock.now())
        return Prolonged(whole(made.content), Lasting(made.level.value, due_at))


class RingSealKeys:
    """`signing.ports.SealKeys`: the private keys of seals in the ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def adopt(self, purpose: str, algorithm: SignatureAlgorithm, address: str) -> Signer:
        await self._ring.adopt(purpose, address, algorithm)
        return self._ring.signer(purpose)

    async def take_in(self, purpose: str, algorithm: SignatureAlgorithm, private: bytes) -> Signer:
        await self._ring.take_in(purpose, algorithm, private)
        return self._ring.signer(purpose)

    async def destroy(self, purpose: str) -> None:
        for record in self._ring.records():
            if record.purpose == purpose and record.state is not KeyState.RETIRED:
                await self._ring.revoke(record.key_id, replace=False)
        for record in await self._ring.retired():
            if record.purpose == purpose:
                await self._ring.destroy(record.key_id)


class RingNationalKeys:
    """`signing.national.ports.NationalKeys`: the SM2 keys of seals in the ring.

    Args:
        backend: where they live; None for the deployment's default.
    """

    def __init__(self, ring: KeyRing, backend: str | None = None) -> None:
        self._ring = ring
        self._backend = backend

    async def check(self) -> None:
        await self._ring.check_offered(SignatureAlgorithm.SM2_SM3, backend=self._backend)

    async def make(self, purpose: str) -> Signer:
        await self._ring.refresh()
        keys = {key.state: key for key in self._ring.verification_keys(purpose)}
        if KeyState.ACTIVE not in keys:
            return await self._ring.create(purpose, SignatureAlgorithm.SM2_SM3, backend=self._backend)
        following = keys.get(KeyState.NEXT) or await self._ring.prepare_next(purpose)
        assert following is not None
        return self._ring.signer_of(following.key_id)

    async def signer_of(self, key_id: str) -> Signer:
        try:
            return self._ring.signer_of(key_id)
        except KeyMissing:  # another worker may have made it a moment ago
            await self._ring.refresh()
            return self._ring.signer_of(key_id)

    async def settle(self, purpose: str, key_id: str) -> None:
        await self._ring.refresh()
        states = {key.key_id: key.state for key in self._ring.verification_keys(purpose)}
        if states.get(key_id) is KeyState.NEXT:
            await self._ring.rotate(purpose, at_once=True, key_id=key_id)
        for key in self._ring.verification_keys(purpose):
            if key.state is KeyState.VERIFY_ONLY and key.key_id != key_id:
                await self._ring.retire(key.key_id)
        for record in await self._ring.retired():
            if record.purpose == purpose:
                await self._ring.destroy(record.key_id)


class SigningDocumentJudge:
    """`certstore.ports.DocumentJudge`: the verdict on a file's seals."""

    def __init__(self, verify_file: VerifyFile) -> None:
        self._verify_file = verify_file

    async def judge(self, content: bytes) -> DocumentJudgement:
        report = await self._verify_file(content)
        trusted = next((signature for signature in report.signatures if signature.known_seal), None)
        return DocumentJudgement(
            conclusion=report.conclusion,
            indication=report.indication,
            sub_indication=report.sub_indication,
            organisation=trusted.organisation_code if trusted else None,
            signed_at=trusted.signed_at if trusted else None,
            embedded_files=report.embedded_files,
            names=report.names,
            signed_revision=None if report.signed_revision is None else whole(report.signed_revision),
            report=report,
            broken=report.format == "ofd" and report.conclusion == "changed" and not report.altered,
        )


class IdpHolderDirectory:
    """`certstore.ports.HolderDirectory`: accounts of natural persons."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def of_account(self, account_id: str) -> HolderIdentity | None:
        try:
            person, documents = await self._directory.all_documents(account_id)
        except NotFound:
            return None
        if not documents:
            return None  # nothing was proved, so nothing can be theirs
        code, *former = dict.fromkeys(HolderCode(_code_of(one), one.number) for one in documents)
        return HolderIdentity(person.account_id, code, person.name, tuple(former))

    async def of_subject(self, client_id: str, subject: str) -> HolderIdentity | None:
        account_id = await self._directory.account_by_subject(client_id, subject)
        return await self.of_account(account_id) if account_id else None


def _code_of(document: Document) -> str:
    """The kind of number as holders' numbers are written (GB/T 36903-2018 Annex A)."""
    foreigner = document.kind is DocumentKind.CITIZEN_ID and document.number.startswith("9")
    return FOREIGN_RESIDENT if foreigner else HOLDER_CODES[document.kind]


def _documents_of(holder: HolderCode) -> list[Document]:
    """What a holder's number may be the number of."""
    kinds = [kind for kind, code in HOLDER_CODES.items() if code == holder.kind]
    if holder.kind == FOREIGN_RESIDENT and holder.number.startswith("9"):
        kinds.append(DocumentKind.CITIZEN_ID)  # foreigners' newer cards have numbers of that form
    return [Document(kind, holder.number) for kind in kinds]


class IdpKnownPersons:
    """`certstore.bulk.ports.KnownPersons`: compared here, so that no name leaves the identities."""

    def __init__(self, known_names: KnownNames) -> None:
        self._known_names = known_names

    async def named_otherwise(self, claims: Sequence[NameClaim]) -> frozenset[NameClaim]:
        documents = {claim: _documents_of(claim.code) for claim in claims}
        known = await self._known_names([one for several in documents.values() for one in several])
        names = {document: folded_name(name) for document, name in known.items()}
        return frozenset(
            claim
            for claim, several in documents.items()
            if any(names.get(document, claim.name) != claim.name for document in several)
        )


class IdpPersons:
    """`certstore.entrust.ports.PersonDirectory`: people whose accounts are in use, with level and day of birth."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._holders = IdpHolderDirectory(directory)

    async def of_account(self, account_id: str) -> KnownPerson | None:
        if not await self._directory.in_use(account_id):
            return None
        identity = await self._holders.of_account(account_id)
        if identity is None:
            return None
        person = await self._directory.person(account_id)
        born = None if person.citizen_id is None else person.citizen_id.birth_date
        return KnownPerson(identity, person.level, born)

    async def of_number(self, code: HolderCode) -> KnownPerson | None:
        for document in _documents_of(code):
            account_id = await self._directory.account_by_document(document)
            if account_id is not None:
                return await self.of_account(account_id)
        return None


class IdpHolderNews:
    """`certstore.holder_news.HolderNews`: the notices on a person's page, and messages to their phone."""

    def __init__(self, directory: Directory, tell: TellPerson) -> None:
        self._directory = directory
        self._tell = tell

    async def account_of(self, holder: HolderCode) -> str | None:
        for document in _documents_of(holder):
            found = await self._directory.account_by_document(document)
            if found is not None:
                return found
        return None

    async def write(self, tx: WriteTx, account_id: str, news: News, detail: Mapping[str, str]) -> object:
        return await self._tell.write(tx, account_id, _NOTICES[news], detail=detail)

    def send(self, told: object) -> None:
        assert isinstance(told, Told)
        self._tell.send(told)


_NOTICES = {
    News.ENDS_SOON: NoticeKind.LICENCE_ENDS,
    News.OBJECTION_ANSWERED: NoticeKind.OBJECTION_ANSWERED,
    News.ENTRUSTED: NoticeKind.ENTRUSTED,
    News.ENTRUSTMENT_MOVED: NoticeKind.ENTRUSTMENT_MOVED,
}


class IdpOrganisationDirectory:
    """`certstore.ports.OrganisationDirectory`: registered names of organisations."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def name(self, uscc: str) -> Text | None:
        organisation = await self._directory.organisation(uscc)
        return organisation.name if organisation else None


class IdpColleagues:
    """`certstore.life.proposals.Colleagues`: what members of staff may do, whether or not they are here now."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    async def may_still(self, account_id: str, organisation: str, scope: str, type_code: str) -> bool:
        rights = await self._directory.rights(account_id, calendar_day(self._clock.now()))
        if rights is None or rights.organisation != organisation or scope not in rights.scopes:
            return False
        return scope not in rights.types or type_code in rights.types[scope]


class IdpAgencyDirectory:
    """`certstore.ports.AgencyDirectory`: authorisations in force to act for organisations."""

    def __init__(self, directory: Directory, acting: Acting) -> None:
        self._directory = directory
        self._acting = acting

    async def of_account(self, account_id: str) -> Sequence[Mandate]:
        return [
            Mandate(
                hat.authorisation.id,
                HolderCode(ORGANISATION_CODE, hat.organisation.uscc),
                hat.organisation.name,
                hat.authorisation.items,
            )
            for hat in await self._acting.hats_of(Principal(PrincipalKind.PERSON, account_id))
        ]

    async def of_number(self, agent: HolderCode) -> Sequence[Mandate]:
        document = _document_of(agent)
        account_id = await self._directory.account_by_document(document) if document else None
        return await self.of_account(account_id) if account_id else ()

    async def act(self, tx: WriteTx, mandate: Mandate, act: Act) -> bool:
        return True  # an organisation counts nothing; what was done under an authority names it in the audit log


def _document_of(code: HolderCode) -> Document | None:
    # the number of a passport is nobody's without the state that issued it
    kinds = (kind for kind, known in HOLDER_CODES.items() if known == code.kind and kind is not DocumentKind.PASSPORT)
    kind = next(kinds, None)
    return None if kind is None else Document(kind, code.number)


class IdpSealUsers:
    """`signing.batches.ports.SealUsers`: whoever may use seals, whether or not they are here now."""

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock

    async def now(self, owner: Owner) -> Principal | None:
        if owner.kind is PrincipalKind.CLIENT:
            client = await self._directory.client(owner.id)
            if client is None or SIGN not in client.scopes or client.organisation != owner.organisation:
                return None
            return Principal(owner.kind, client.id, organisation=client.organisation, scopes=client.scopes)
        if owner.kind is PrincipalKind.STAFF:
            rights = await self._directory.rights(owner.id, calendar_day(self._clock.now()))
            if rights is None or rights.organisation != owner.organisation or SIGN not in rights.scopes:
                return None
            return Principal(
                owner.kind, owner.id, organisation=rights.organisation, scopes=rights.scopes, roles=rights.roles
            )
        if owner.kind is PrincipalKind.PERSON and await self._directory.in_use(owner.id):
            return Principal(owner.kind, owner.id, organisation=owner.organisation, scopes=frozenset({SIGN}))
        return None


class SubscriptionReceivers:
    """`signing.batches.ports.Receivers`: the addresses that an organisation registered for changes."""

    def __init__(self, news: OtherNews) -> None:
        self._news = news

    async def knows(self, receiver: str, organisation: str) -> bool:
        return await self._news.knows(receiver, organisation)

    async def tell(self, receiver: str, organisation: str, message: bytes) -> str:
        return await self._news.bring(receiver, organisation, message)


class KeyAuditLog:
    """`keys.journal.KeyAudit`: the audit log of the service. A step is the service's own; who ordered it has an event
    of their own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, event: KeyEvent) -> None:
        detail = {"purpose": event.purpose, "entry": event.number, "at": event.at.isoformat(timespec="seconds")}
        await self._database.record(AuditEvent(f"key.{event.step}", "done", SYSTEM, event.key_id, detail=detail))


class SealRenewer:
    """`keys.renewals.ports.Renewer`: what two people renew are the certificates of seals."""

    def __init__(self, seals: Seals, renew: RenewSealCertificate) -> None:
        self._seals = seals
        self._renew = renew

    async def name(self, line: str) -> tuple[str, str] | None:
        national = line.startswith(NATIONAL_LINE)
        if not national and not line.startswith(SEAL_LINE):
            return None
        try:
            seal = await self._seals.get(line.removeprefix(NATIONAL_LINE).removeprefix(SEAL_LINE))
        except NotFound:
            return None
        if seal.status is not SealStatus.ACTIVE:
            return None
        if national:
            return f"{seal.name.zh}国密印章证书", f"SM2 seal certificate of {seal.name.en}"
        return f"{seal.name.zh}印章证书", f"Seal certificate of {seal.name.en}"

    async def renew(self, line: str) -> None:
        # two administrators have decided it, so the service itself acts and not one of them
        if line.startswith(NATIONAL_LINE):
            await self._renew.national(line.removeprefix(NATIONAL_LINE), actor=SYSTEM)
        else:
            await self._renew(line.removeprefix(SEAL_LINE), actor=SYSTEM)
