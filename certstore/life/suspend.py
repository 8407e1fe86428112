"""Suspends a licence (暂扣) and gives it back; nothing on the face changes, so no new version is made."""

from __future__ import annotations

from certstore.life.steps import Found, LifeSteps, Outcome, Step, state_after
from certstore.lifecycle import Event
from certstore.model import Licence
from core.principal import Principal


class SuspendLicence:
    """Both use cases. While suspended, a licence still runs out by date."""

    def __init__(self, steps: LifeSteps) -> None:
        self._steps = steps

    async def suspend(self, step: Step, actor: Principal) -> Licence:
        """
        Raises:
            AppError: what `LifeSteps.take` raises.
        """
        return await self._move(step, Event.SUSPEND, actor)

    async def resume(self, step: Step, actor: Principal) -> Licence:
        """
        Raises:
            AppError: what `LifeSteps.take` raises; `transition-not-allowed` also once it has run out by date.
        """
        return await self._move(step, Event.RESUME, actor)

    async def _move(self, step: Step, event: Event, actor: Principal) -> Licence:
        async def make(found: Found) -> Outcome:
            return Outcome(state_after(found, event))

        return await self._steps.take(step, event, actor, make)
