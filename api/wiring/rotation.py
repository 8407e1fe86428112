"""Puts key rotation together: the schedule of this service, and the journal that becomes the audit log."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass

from api.bridges import KeyAuditLog
from api.wiring.ground import Ground
from idp.endpoints.discovery import JWKS_MAX_AGE
from idp.settings import IdpSettings
from keys.jose.tokens import LEEWAY_SECONDS
from keys.journal import JournalCarrier, KeyJournal
from keys.ports import KeyUsage
from keys.rotation.keeper import RotationKeeper
from keys.rotation.policy import RotationPolicies, service_policies
from keys.settings import KeysSettings
from keys.stores.journal import SqlKeyJournal

_EVERY = 30.0  # seconds between two looks
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RotationServices:
    """What workers, the command line and pages use."""

    policies: RotationPolicies
    keeper: RotationKeeper
    journal: KeyJournal
    carry: JournalCarrier

    async def forever(self) -> None:
        """Take what is due and carry the journal, for the life of a worker."""
        while True:
            try:
                await self.keeper()
                await self.carry()
            except Exception as error:  # whatever it is, the next look must come
                _log.warning("keys could not be looked after: %s", type(error).__name__)
            await asyncio.sleep(_EVERY)


def rotation_policies(keys: KeysSettings, idp: IdpSettings) -> RotationPolicies:
    """The schedule that follows from the deployment's own times."""
    # an ID token serves as a hint for the whole session (RP-Initiated Logout §2)
    longest = max(idp.access_token_lifetime, idp.id_token_lifetime, idp.session_absolute) + LEEWAY_SECONDS
    return service_policies(
        longest_token=dt.timedelta(seconds=longest),
        jwks_cache=dt.timedelta(seconds=JWKS_MAX_AGE + keys.stale_seconds),
        token_days=keys.token_key_days,
    )


def build_rotation(ground: Ground, idp: IdpSettings, usage: KeyUsage) -> RotationServices:
    """Compose on the service's ground."""
    ring, policies = ground.keys.ring, rotation_policies(ground.keys.settings, idp)
    journal = SqlKeyJournal(ground.keys.store.engine)
    return RotationServices(
        policies=policies,
        keeper=RotationKeeper(ring, policies, ground.clock, usage),
        journal=journal,
        carry=JournalCarrier(journal, KeyAuditLog(ground.database), ground.clock),
    )
