"""Puts the e-seal service together."""

from __future__ import annotations

from dataclasses import dataclass

from api.wiring.ground import Ground
from keys.stores.reencryption import SqlDiscardList
from signing.longlife.collect import CollectEvidence
from signing.longlife.extend import ExtendSignature
from signing.longlife.inspect import Inspect
from signing.longlife.ports import CareStore, OwnAnswers, Timestamps
from signing.longlife.rooms import StampRoom
from signing.longlife.seal_at import SealAtLevel
from signing.longlife.tend import TendDocuments
from signing.ports import CertificateAuthority, CertificateJudge, SealCertificates
from signing.seal_pdf import SealPdf
from signing.seals.create import CreateSeal
from signing.seals.follow import FollowSeals
from signing.seals.grant import GrantSeal
from signing.seals.look_up import Seals
from signing.seals.renew import RenewSealCertificate
from signing.seals.revoke import ChangeSealStatus
from signing.seals.take_over import TakeOverCertificate
from signing.settings import SigningSettings
from signing.stores.care import SqlCareStore
from signing.stores.sql import SqlSealStore
from signing.verify_pdf import VerifyPdf
from signing.work_pool import WorkPool


@dataclass(frozen=True)
class SigningServices:
    """The use cases of the e-seal service."""

    settings: SigningSettings
    seal_pdf: SealPdf
    verify_pdf: VerifyPdf
    create_seal: CreateSeal
    grant_seal: GrantSeal
    change_seal_status: ChangeSealStatus
    take_over_certificate: TakeOverCertificate
    follow_seals: FollowSeals
    renew_seal: RenewSealCertificate
    seals: Seals
    extend: ExtendSignature
    tend: TendDocuments
    care: CareStore
    pool: WorkPool

    def close(self) -> None:
        self.pool.close()


def build_signing(
    ground: Ground,
    authority: CertificateAuthority,
    certificates: SealCertificates,
    judge: CertificateJudge,
    timestamps: Timestamps,
    answers: OwnAnswers,
    settings: SigningSettings | None = None,
) -> SigningServices:
    """Compose on the ground.

    Args:
        timestamps: whom to ask for time-stamps.
        answers: what our own authorities say about their certificates.
    """
    settings = settings or SigningSettings()
    store = SqlSealStore()
    pool = WorkPool(settings.threads, settings.waiting)
    database, clock, ring = ground.database, ground.clock, ground.keys.ring
    care, room = SqlCareStore(), StampRoom()
    extend = ExtendSignature(
        Inspect(judge, pool, settings), CollectEvidence(judge, answers), timestamps, room, clock, pool, settings
    )
    seal_at = SealAtLevel(timestamps, room, extend, pool)
    return SigningServices(
        settings=settings,
        seal_pdf=SealPdf(database, store, ground.documents, ring, clock, pool, settings, seal_at, care),
        verify_pdf=VerifyPdf(database, store, judge, clock, pool, settings),
        create_seal=CreateSeal(database, store, ring, authority, clock, pool),
        grant_seal=GrantSeal(database, store, clock),
        renew_seal=RenewSealCertificate(database, store, authority, certificates, clock),
        change_seal_status=ChangeSealStatus(database, store, certificates, clock),
        take_over_certificate=TakeOverCertificate(database, store, certificates, clock),
        follow_seals=FollowSeals(database, store, certificates),
        seals=Seals(database, store, ground.documents),
        extend=extend,
        tend=TendDocuments(database, care, ground.documents, SqlDiscardList(), extend, clock),
        care=care,
        pool=pool,
    )
