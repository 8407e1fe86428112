"""Does what is due to keys. Any number of workers may: each step is decided by one operation of the key store."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from core.clock import Clock
from core.errors import AppError
from keys.errors import KeyStateConflict
from keys.keyring import KeyRing
from keys.ports import KeyUsage
from keys.rotation.plan import Step, StepKind, plan, upcoming
from keys.rotation.policy import RotationPolicies

_log = logging.getLogger(__name__)


class RotationKeeper:
    """Keeps keys on schedule.

    Args:
        usage: knows whether stored values still need a secret.
    """

    def __init__(self, ring: KeyRing, policies: RotationPolicies, clock: Clock, usage: KeyUsage) -> None:
        self._ring = ring
        self._policies = policies
        self._clock = clock
        self._usage = usage

    async def upcoming(self) -> Sequence[Step]:
        """The next step of every key that has one, by its time; one that is past is overdue."""
        records = [*self._ring.records(), *await self._ring.retired()]
        return upcoming(records, self._policies)

    async def __call__(self) -> Sequence[Step]:
        """Take every step that is due, and answer those that this worker took.

        A step that fails does not stop the others; it is due again the next time.
        """
        await self._ring.refresh()
        records = [*self._ring.records(), *await self._ring.retired()]
        taken = []
        for step in plan(records, self._policies, self._clock.now()):
            try:
                if await self._take(step):
                    taken.append(step)
            except KeyStateConflict as refused:
                if refused.code != "key-kept":  # another worker was faster; a kept secret waits for its values
                    await self._ring.refresh()
            except AppError as error:
                _log.warning("key rotation: %s of %s failed: %s", step.kind, step.purpose, error.code)
        return taken

    async def _take(self, step: Step) -> bool:
        match step.kind:
            case StepKind.MAKE:
                await self._ring.prepare_next(step.purpose)
            case StepKind.ACTIVATE:
                await self._ring.rotate(step.purpose, key_id=step.key_id)
            case StepKind.RETIRE:
                await self._ring.retire(step.key_id, usage=self._usage)
            case StepKind.DESTROY:
                return await self._ring.destroy(step.key_id, usage=self._usage)
        return True
