"""Gives a seal that is in use the national form (加做国密形式), as a deployment needs that turns to both.

What it looks like was approved with the seal, so nobody reviews it again; as when a seal is made, whoever approved
that does not make this.
"""

from __future__ import annotations

import logging

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import AppError
from core.principal import Principal
from keys.profile import Profile
from signing.errors import SealFormThere, SealNotActive, SealNotFound
from signing.lifecycle import SealEvent, require_step
from signing.model import Seal, SealStatus
from signing.national.model import NationalForm, national_purpose
from signing.national.ports import NationalKeys, NationalStore
from signing.national.workshop import NationalWorkshop
from signing.ports import SealCertificates, SealKeys, SealLifeStore, SealStore
from signing.refusals import refusals_on_record

_ACTION = "seal.national-form"
_log = logging.getLogger(__name__)


class GiveNationalForm:
    """Adds the national form to active seals; their international one stays as it is."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        life: SealLifeStore,
        national: NationalStore,
        workshop: NationalWorkshop,
        certificates: SealCertificates,
        endings: SealKeys,
        keys: NationalKeys,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._national = national
        self._workshop = workshop
        self._certificates = certificates
        self._endings = endings
        self._keys = keys
        self._clock = clock

    async def __call__(self, seal_id: str, *, actor: Principal) -> NationalForm:
        """
        Raises:
            SealNotFound, SealNotYours, SealSecondPerson
            SealNotActive: the seal is not in use.
            SealFormThere: it has one.
            SealFormUnavailable, and what else `NationalWorkshop.make` raises; nothing is made then.
        """
        async with refusals_on_record(self._database, _ACTION, actor, subject=seal_id):
            seal = await self._allowed(seal_id, actor)
            try:
                form = await make_form(self._workshop, seal)
                await self._enter(seal, form, actor)
            except SealFormThere:
                raise  # a colleague was faster, and it is that one's key
            except AppError:
                await self._unmake(seal)
                raise
        await settle_or_log(self._database, self._national, self._keys, form)
        return form

    async def waiting(self, organisation: str | None = None) -> list[Seal]:
        """Active seals (of an organisation, or all) without a national form, by id."""
        found: list[Seal] = []
        after: str | None = None
        while True:
            async with self._database.read() as tx:
                page = await self._store.seals_of(tx, organisation, status=SealStatus.ACTIVE, after=after)
                found += [seal for seal in page if await self._national.current(tx, seal.id) is None]
            if not page:
                return found
            after = page[-1].id

    async def _allowed(self, seal_id: str, actor: Principal) -> Seal:
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, seal_id)
            if seal is None:
                raise SealNotFound
            require_step(SealEvent.MAKE, actor, seal.organisation, await self._life.steps_of(tx, seal_id=seal_id))
            if seal.status is not SealStatus.ACTIVE:
                raise SealNotActive
            if await self._national.current(tx, seal_id) is not None:
                raise SealFormThere
        return seal

    async def _enter(self, seal: Seal, form: NationalForm, actor: Principal) -> None:
        profile = Profile.BOTH if seal.profile is Profile.INTERNATIONAL else seal.profile
        async with self._database.write() as tx:
            if not await self._national.widen(tx, seal.id, profile):  # holds the seal's row from here on
                raise SealNotActive
            if await self._national.current(tx, seal.id) is not None:
                raise SealFormThere
            await self._national.add(tx, form, code=seal.code)
            detail: dict[str, str | int | bool | None] = {
                "code": seal.code,
                "certificate": form.certificate_digest,
                "digest": form.digest,
            }
            tx.audit(AuditEvent(_ACTION, "done", actor, subject=seal.id, detail=detail))
            await tx.commit()

    async def _unmake(self, seal: Seal) -> None:
        async with self._database.read() as tx:
            if await self._national.current(tx, seal.id) is not None:
                return  # a colleague's
        await self._certificates.revoke(national_purpose(seal.id))
        await self._endings.destroy(national_purpose(seal.id))


async def make_form(workshop: NationalWorkshop, seal: Seal) -> NationalForm:
    """A form for a seal that is there, with the words on its picture."""
    line = seal.design.get("line", "") if seal.design else ""
    return await workshop.make(
        seal.id,
        organisation=seal.organisation,
        name=seal.name,
        line=str(line or ""),
        code=seal.code,
        kind=seal.kind,
        image=seal.image,
    )


async def settle_or_log(database: Database, store: NationalStore, keys: NationalKeys, form: NationalForm) -> None:
    """Let the form's key be the seal's and end those before it; a failure is for `FollowSeals` to make good."""
    try:
        await keys.settle(national_purpose(form.seal_id), form.key_id)
        async with database.write() as tx:
            await store.settle(tx, form.id)
            await tx.commit()
    except AppError as error:
        _log.error("former keys of %s could not be ended: %s", form.seal_id, error.private or error.code)
