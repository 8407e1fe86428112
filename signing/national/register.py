"""What our register says of a national seal: whether it is one of ours, and in what state it was at a moment.

The story of a seal has every step with its time, so a stamp whose time is proven is judged by that time: one that was
made before the seal was suspended or revoked stays good.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from core.db.database import Database
from signing.eseal.judge import SealStates
from signing.eseal.model import Seal as NationalSeal
from signing.lifecycle import SealEvent
from signing.model import Seal, SealStatus, SealStep
from signing.national.model import NationalForm, digest_of
from signing.national.ports import NationalStore
from signing.ports import SealLifeStore, SealStore

NOT_OURS = "seal-not-registered"
NOT_ACTIVE = "seal-not-active"
_WORDS = {
    SealStatus.SUSPENDED: "seal-suspended",
    SealStatus.REVOKED: "seal-revoked",
    SealStatus.REPLACED: "seal-replaced",
}


class SealRegister:
    """Implements `signing.eseal.judge.SealStates`, and finds seals of ours by what a stamp carries."""

    def __init__(self, database: Database, store: SealStore, life: SealLifeStore, national: NationalStore) -> None:
        self._database = database
        self._store = store
        self._life = life
        self._national = national

    async def __call__(self, seal: NationalSeal, at: dt.datetime) -> str | None:
        """
        Returns:
            None where nothing speaks against it: also for a seal that is not ours. Else `seal-not-registered` (it goes
            by the name of one of ours, and we never made it), `seal-not-active` (not yet), `seal-suspended`,
            `seal-revoked` or `seal-replaced`.
        """
        async with self._database.read() as tx:
            form = await self._national.by_digest(tx, digest_of(seal.encoded))
            if form is None:
                code = seal.info.seal_id
                ours = await self._national.knows(tx, code) or await self._store.seal_of_code(tx, code)
                return NOT_OURS if ours else None
            owner = await self._store.seal(tx, form.seal_id)
            assert owner is not None
            story = await self._life.steps_of(tx, seal_id=owner.id)
        return state_at(owner, story, at)

    async def of_seal(self, encoded: bytes) -> tuple[Seal, NationalForm] | None:
        """The seal of ours that this SESeal (DER) is, or was, an edition of."""
        async with self._database.read() as tx:
            form = await self._national.by_digest(tx, digest_of(encoded))
            seal = None if form is None else await self._store.seal(tx, form.seal_id)
        return None if form is None or seal is None else (seal, form)

    async def of_certificate(self, digest: str) -> tuple[Seal, NationalForm] | None:
        """The seal of ours whose SM2 certificate has, or once had, this SHA-256 (hexadecimal)."""
        async with self._database.read() as tx:
            form = await self._national.by_certificate(tx, digest)
            seal = None if form is None else await self._store.seal(tx, form.seal_id)
        return None if form is None or seal is None else (seal, form)


def state_at(seal: Seal, story: Iterable[SealStep], at: dt.datetime) -> str | None:
    """What speaks against a seal at a moment, by its story; None for nothing. The end of a key ends no right that was
    not ended before, so destroying is no state here."""
    steps = [one for one in story if one.seal_id == seal.id and one.event != SealEvent.DESTROY.value]
    reached = [one.status for one in steps if one.at <= at]
    if reached:
        return NOT_ACTIVE if reached[-1] is SealStatus.MADE else _WORDS.get(reached[-1])
    if any(one.status is SealStatus.MADE for one in steps):
        return NOT_ACTIVE
    # from before stories were kept
    return _WORDS.get(seal.status) if seal.revoked_at is None or seal.revoked_at <= at else None


def _is_port(register: SealRegister) -> SealStates:
    return register
