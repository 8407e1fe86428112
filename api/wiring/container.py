"""The composition root: the only place where concrete classes of all domains meet."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass

from api.alert_bridge import AuditAlarm, OddLooks
from api.bridges import (
    DepartmentSealer,
    IdpAgencyDirectory,
    IdpColleagues,
    IdpHolderDirectory,
    IdpHolderNews,
    IdpKnownPersons,
    IdpOrganisationDirectory,
    IdpPersons,
    IdpSealUsers,
    LicenceOfds,
    RingNationalKeys,
    RingSealKeys,
    SealProlonger,
    SigningDocumentJudge,
    SubscriptionReceivers,
)
from api.published_answers import PublishedAnswers
from api.settings import Settings
from api.sweeping import sweep_forever
from api.wiring.batches import BatchServices, compose_batches
from api.wiring.bulk import BulkServices, compose_bulk
from api.wiring.bundles import BundleServices, compose_bundles
from api.wiring.care import CareServices, build_care
from api.wiring.certstore import CertstoreServices, build_certstore, narrow_ground
from api.wiring.exchange import ExchangeServices, compose_exchange
from api.wiring.export import ExportServices, build_export
from api.wiring.ground import Ground, build_ground
from api.wiring.holders import HolderServices, compose_holders
from api.wiring.idp import IdpServices, build_idp
from api.wiring.lasting import compose_lasting
from api.wiring.messages import MessageServices, build_messages
from api.wiring.pki import PkiServices, build_pki
from api.wiring.presentation import PresentationServices, compose_presentation
from api.wiring.public_log import PublicLogServices, compose_public_log
from api.wiring.reencryption import ReencryptionServices, build_reencryption
from api.wiring.registers import StandIn, build_registers
from api.wiring.rotation import RotationServices, build_rotation
from api.wiring.signing import SigningServices, build_signing
from api.wiring.subscriptions import SubscriptionServices, compose_subscriptions
from api.wiring.transparency import TransparencyServices, compose_transparency, witnesses_of
from api.wiring.trust import MachineJudge, TrustServices, build_trust
from api.wiring.tsa import TsaServices, build_tsa
from certstore.alerts.watch import WatchLooks
from certstore.lasting.prolong import ProlongOriginals
from core.clock import Clock, SystemClock
from keys.notes import SIGNATURE_LOG_PURPOSE, NoteKeys
from signing.levels import Level


@dataclass(frozen=True)
class Container:
    """Everything that routes, pages, workers and the command line use."""

    ground: Ground
    idp: IdpServices
    certstore: CertstoreServices
    presentation: PresentationServices
    own: HolderServices
    subscriptions: SubscriptionServices
    exchange: ExchangeServices
    bulk: BulkServices
    bundles: BundleServices
    signing: SigningServices
    batches: BatchServices
    tsa: TsaServices
    reencryption: ReencryptionServices
    pki: PkiServices
    trust: TrustServices
    rotation: RotationServices
    care: CareServices
    messages: MessageServices
    export: ExportServices
    transparency: TransparencyServices
    public_log: PublicLogServices
    watch_looks: WatchLooks
    prolong_originals: ProlongOriginals

    def background(self) -> Iterable[Coroutine[None, None, None]]:
        """Work that runs for the life of a worker."""
        return (
            self.ground.keys.keep_fresh(),
            self.trust.keep_fresh(),
            sweep_forever(self.ground.kv),
            self.idp.upkeep.forever(),
            self.idp.clients.errors_log.forever(),
            self.idp.record_log_ins.forever(),
            self.idp.proofing.keep_up.forever(),
            self.export.make.forever(),
            self.idp.abuse.events.forever(),
            self.idp.news.forever(),
            self.tsa.renewal.forever(),
            *self.pki.background(),
            self.signing.follow_seals.forever(),
            self.signing.tend.forever(),
            self.signing.uses.upkeep.forever(),
            *self.batches.background(),
            self.certstore.life.expire.forever(),
            self.prolong_originals.forever(),
            self.own.upkeep.forever(),
            self.certstore.use.sweep.forever(),
            *self.reencryption.background(),
            self.rotation.forever(),
            *self.messages.background(),
            *self.subscriptions.background(),
            *self.bulk.background(),
            self.transparency.keeper.forever(),
            self.public_log.keep.forever(),
            self.watch_looks.forever(),
        )

    async def close(self) -> None:
        self.signing.close()
        await self.ground.close()


async def build_container(
    settings: Settings, clock: Clock | None = None, *, stand_in: StandIn | None = None
) -> Container:
    """Compose the service from its settings.

    Args:
        stand_in: makes the registers of a demo city.
    """
    ground = await build_ground(settings, clock or SystemClock())
    pki = await build_pki(ground.keys, ground.clock, settings.pki)
    trust = await build_trust(ground, pki)
    messages = build_messages(ground)
    idp = build_idp(
        ground,
        judge=MachineJudge(trust.judge, pki.authorities),
        sender=messages.sender,
        registers=build_registers(ground, stand_in=stand_in),
    )
    tsa = build_tsa(ground, pki, trust.judge)
    signing = build_signing(
        ground,
        pki.seals,
        pki.seal_certificates,
        RingSealKeys(ground.keys.ring),
        trust.judge,
        tsa.client,
        PublishedAnswers(pki.authorities, pki.responder, pki.lists),
        pki.national_seals,
        RingNationalKeys(ground.keys.ring, settings.sm2_seal_backend),
        settings.signing,
    )
    licence_level = Level(f"PAdES-{settings.licence_level}")
    certstore = build_certstore(
        ground,
        sealer=DepartmentSealer(
            signing.seals,
            signing.seal_pdf,
            ground.clock,
            licence_level,
            seal_ofd=signing.seal_ofd,
            forms=signing.national.forms,
        ),
        ofd=LicenceOfds(signing.convert_pdf),
        judge=SigningDocumentJudge(signing.verify_file),
        holders=IdpHolderDirectory(idp.directory),
        organisations=IdpOrganisationDirectory(idp.directory),
        colleagues=IdpColleagues(idp.directory, ground.clock),
        agencies=IdpAgencyDirectory(idp.directory, idp.agency.acting),
        persons=IdpPersons(idp.directory),
        news=IdpHolderNews(idp.directory, idp.abuse.tell),
    )
    presentation = compose_presentation(
        narrow_ground(ground),
        short_lived=ground.keys.secrets.fields.short_lived,
        provider=ground.keys.ring,
        verify=certstore.verify,
        verify_file=certstore.verify_file,
        holders=IdpHolderDirectory(idp.directory),
        organisations=IdpOrganisationDirectory(idp.directory),
    )
    subscriptions = compose_subscriptions(narrow_ground(ground), settings.portal_rules)
    batches = compose_batches(
        ground.database,
        ground.documents,
        ground.keys.secrets.fields.documents,
        ground.clock,
        signing.seal_file,
        users=IdpSealUsers(idp.directory, ground.clock),
        receivers=SubscriptionReceivers(subscriptions.other_news),
    )
    bulk = compose_bulk(
        narrow_ground(ground),
        certstore.maker,
        organisations=IdpOrganisationDirectory(idp.directory),
        persons=IdpKnownPersons(idp.known_names),
    )
    bundles = compose_bundles(narrow_ground(ground), certstore, presentation.declarations)
    own = compose_holders(
        narrow_ground(ground),
        holders=IdpHolderDirectory(idp.directory),
        organisations=IdpOrganisationDirectory(idp.directory),
        news=IdpHolderNews(idp.directory, idp.abuse.tell),
    )
    exchange = compose_exchange(
        narrow_ground(ground),
        certstore,
        holders=IdpHolderDirectory(idp.directory),
        organisations=IdpOrganisationDirectory(idp.directory),
    )
    reencryption = build_reencryption(ground)
    rotation = build_rotation(ground, idp.settings, reencryption.usage)
    care = build_care(ground, pki, rotation, signing)
    export = build_export(ground, idp, certstore, own)
    transparency = compose_transparency(
        ground.database,
        ground.clock,
        ground.kv,
        NoteKeys(ground.keys.ring),
        issuer=settings.issuer,
        witnesses=witnesses_of(settings, ground.clock),
        every=settings.audit_seconds,
        alarm=AuditAlarm(idp.abuse.events),
    )
    public_log = compose_public_log(
        ground.database,
        ground.clock,
        ground.kv,
        NoteKeys(ground.keys.ring, SIGNATURE_LOG_PURPOSE),
        issuer=settings.issuer,
        every=settings.signature_log_seconds,
        alarm=AuditAlarm(idp.abuse.events),
    )
    watch_looks = WatchLooks(ground.database, ground.kv, OddLooks(idp.abuse.events), ground.clock)
    return Container(
        ground,
        idp,
        certstore,
        presentation,
        own,
        subscriptions,
        exchange,
        bulk,
        bundles,
        signing,
        batches,
        tsa,
        reencryption,
        pki,
        trust,
        rotation,
        care,
        messages,
        export,
        transparency,
        public_log,
        watch_looks,
        compose_lasting(
            ground,
            SealProlonger(signing.extend, ground.clock, licence_level),
            older_too=licence_level.rank > Level.B_T.rank,
        ),
    )
