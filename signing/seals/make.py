"""Makes the seal that an application asked for (制作): key, certificate, picture. It seals nothing yet."""

from __future__ import annotations

import logging

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import Principal
from signing.appearance.drawn import digest_of
from signing.errors import SealApplicationNotFound, SealPictureChanged, SealStepNotAllowed
from signing.lifecycle import STATUS_NAMES, SealEvent, next_status, require_step, sources_of
from signing.model import Seal, SealApplication
from signing.national.model import NationalForm
from signing.national.ports import NationalStore
from signing.ports import SealCertificates, SealLifeStore, SealStore
from signing.refusals import refusals_on_record
from signing.seals.apply import check_order
from signing.seals.order import order_of
from signing.seals.revoke import stop_certificates
from signing.seals.story import step
from signing.seals.workshop import MADE_HERE, KeySource, Workshop

_log = logging.getLogger(__name__)


class MakeSeal:
    """Makes what was approved; whoever approved it does not make it."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        life: SealLifeStore,
        national: NationalStore,
        workshop: Workshop,
        certificates: SealCertificates,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._national = national
        self._workshop = workshop
        self._certificates = certificates
        self._clock = clock

    async def __call__(self, application_id: str, *, actor: Principal, source: KeySource = MADE_HERE) -> Seal:
        """
        Args:
            source: where its key comes from.

        Raises:
            SealApplicationNotFound, SealNotYours, SealSecondPerson, SealStepNotAllowed, SealCodeTaken, SealInvalid
            SealPictureChanged: it would not look like what was approved.
            core.errors.InvalidInput: `key-refused`, for a key that others made and that cannot serve.
            core.errors.Unavailable: no key can be made, or no certificate issued; the application stays as it was.
        """
        async with refusals_on_record(self._database, "seal.make", actor, subject=application_id):
            application = await self._approved(application_id, actor)
            if application.picture is not None and await self._looks(application) != application.picture:
                raise SealPictureChanged
            status = next_status(application.status, SealEvent.MAKE)
            seal = await self._workshop.make(order_of(application), status, source)
            try:
                form = await self._workshop.make_national(seal)
                await self._enter(application, seal, form, actor, source)
            except AppError:
                await self._workshop.unmake(seal)  # somebody was faster, or its code was taken meanwhile
                raise
        await self._hold(seal)
        return seal

    async def _approved(self, application_id: str, actor: Principal) -> SealApplication:
        async with self._database.read() as tx:
            application = await self._life.application(tx, application_id)
            if application is None:
                raise SealApplicationNotFound
            story = await self._life.steps_of(tx, application_id=application_id)
            require_step(SealEvent.MAKE, actor, application.organisation, story)
            next_status(application.status, SealEvent.MAKE)
            await check_order(self._store, tx, order_of(application))
        return application

    async def _looks(self, application: SealApplication) -> str:
        return digest_of(await self._workshop.draw(order_of(application)))

    async def _enter(
        self, application: SealApplication, seal: Seal, form: NationalForm | None, actor: Principal, source: KeySource
    ) -> None:
        async with self._database.write() as tx:
            if not await self._life.move_application(
                tx, application.id, expected=sources_of(SealEvent.MAKE), new=seal.status, seal_id=seal.id
            ):
                raise SealStepNotAllowed(STATUS_NAMES[seal.status])
            await self._store.add_seal(tx, seal)
            if form is not None:
                await self._national.add(tx, form, code=seal.code)
            made = step(
                self._clock,
                SealEvent.MAKE,
                seal.status,
                actor,
                application_id=application.id,
                seal_id=seal.id,
            )
            await self._life.add_step(tx, made)
            detail: dict[str, str | int | bool | None] = {
                "code": seal.code,
                "kind": seal.kind.value,
                "application": application.id,
                "picture": application.picture,
                "key": source.told,
                "profile": seal.profile.value,
            }
            tx.audit(AuditEvent("seal.make", "done", actor, subject=seal.id, detail=detail))
            await tx.commit()

    async def _hold(self, seal: Seal) -> None:
        try:
            await stop_certificates(self._certificates, seal)
        except AppError as error:  # the register knows that it is not active; `FollowSeals` tries again
            _log.error("the certificate of %s could not be held: %s", seal.id, error.private or error.code)
