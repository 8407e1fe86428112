"""Types with inspections and with two people, and short forms of the steps in a licence's life."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.wiring.licence_life import LifeServices
from certstore.end import EndCommand
from certstore.life.change import ChangeCommand
from certstore.life.renew import RenewCommand
from certstore.life.steps import Step
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.model import InspectionRule, Licence, LicenceChange, LicenceType, LicenceVersion, LifeProfile
from certstore.stores.catalogue import SqlCatalogueStore
from certstore.stores.licences import SqlLicenceStore
from core.principal import Principal, PrincipalKind
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.certstore_world import LAND, LAND_SYSTEM, POLICE, POLICE_SYSTEM, World

REASON = "依本人申请"
YEARLY = InspectionRule(months=12, window_days=60)
TWO_PEOPLE = LifeProfile(two_people=frozenset({Event.REVOKE, Event.WITHDRAW}))
_LICENCES, _CATALOGUE = SqlLicenceStore(field_cipher(), blind_index()), SqlCatalogueStore()
_RIGHTS = frozenset({"licence:issue", "licence:read"})


def officer(account_id: str, organisation: str = LAND, name: str = "演示经办") -> Principal:
    return Principal(PrincipalKind.STAFF, account_id, organisation, name=name, scopes=_RIGHTS)


WEI, FANG = officer("acc_wei", name="卫经办"), officer("acc_fang", name="方审核")
OFFICER = officer("acc_gu", POLICE, "顾警官")


@dataclass
class Life:
    """Steps with a key of their own each, taken by the system of the authority that issued."""

    city: World
    _keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def services(self) -> LifeServices:
        return self.city.services.life

    def step_key(self) -> str:
        return f"key-{next(self._keys)}-of-life"

    def step(self, licence: Licence, reason: str = REASON, key: str | None = None, seen: int | None = None) -> Step:
        return Step(licence.id, key or f"step-{next(self._keys)}", reason, seen)

    def actor(self, licence: Licence) -> Principal:
        return LAND_SYSTEM if licence.issuer == LAND else POLICE_SYSTEM

    async def renew(self, licence: Licence, *, valid_until: dt.date | None = None, **how: Any) -> Licence:
        data = how.pop("data", None)
        return await self.services.renew(
            RenewCommand(self.step(licence, **how), data, valid_until), self.actor(licence)
        )

    async def change(self, licence: Licence, data: Mapping[str, object] | None = None, **how: Any) -> Licence:
        return await self.services.change.change(self._change(licence, data, how), self.actor(licence))

    async def correct(self, licence: Licence, data: Mapping[str, object] | None = None, **how: Any) -> Licence:
        return await self.services.change.correct(self._change(licence, data, how), self.actor(licence))

    def _change(self, licence: Licence, data: Mapping[str, object] | None, how: dict[str, Any]) -> ChangeCommand:
        said = {name: how.pop(name) for name in ("licence_number", "valid_from", "valid_until") if name in how}
        holders: Sequence[HolderInput] | None = how.pop("holders", None)
        return ChangeCommand(self.step(licence, **how), holders, data, **said)

    async def reissue(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.reissue(self.step(licence, **how), self.actor(licence))

    async def suspend(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.suspend.suspend(self.step(licence, **how), self.actor(licence))

    async def resume(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.suspend.resume(self.step(licence, **how), self.actor(licence))

    async def passed(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.inspect.passed(self.step(licence, **how), self.actor(licence))

    async def failed(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.inspect.failed(self.step(licence, **how), self.actor(licence))

    async def transfer_out(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.transfer.out(self.step(licence, **how), self.actor(licence))

    async def transfer_undo(self, licence: Licence, **how: Any) -> Licence:
        return await self.services.transfer.undo(self.step(licence, **how), self.actor(licence))

    async def end(self, licence: Licence, event: Event, actor: Principal | None = None) -> Licence:
        return await self.city.services.end(EndCommand(licence.id, event, REASON), actor or self.actor(licence))

    async def stored(self, licence: Licence) -> Licence:
        return await self.by_id(licence.id)

    async def by_id(self, licence_id: str) -> Licence:
        async with self.city.database.read() as tx:
            found = await _LICENCES.licence(tx, licence_id)
        assert found is not None
        return found

    async def history(self, licence: Licence) -> Sequence[LicenceChange]:
        async with self.city.database.read() as tx:
            return await _LICENCES.history(tx, licence.id)

    async def versions(self, licence: Licence) -> Sequence[LicenceVersion]:
        async with self.city.database.read() as tx:
            return await _LICENCES.versions(tx, licence.id)

    async def retype(self, code: str, **changes: Any) -> LicenceType:
        """A further version of a type, with other rules."""
        async with self.city.database.write() as tx:
            newest = await _CATALOGUE.licence_type(tx, code)
            assert newest is not None
            made = replace(newest, version=newest.version + 1, **changes)
            assert await _CATALOGUE.add_type(tx, made)
            await tx.commit()
        return made
