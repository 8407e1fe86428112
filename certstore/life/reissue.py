"""Issues a licence again: 补办 after a loss, and 核对 when a clerk has seen the original behind an uploaded one."""

from __future__ import annotations

from certstore.life.steps import Found, LifeSteps, Outcome, Step
from certstore.lifecycle import Event
from certstore.making import VersionContent, VersionMaker
from certstore.model import Licence, LicenceFile, LicenceVersion, Trust
from core.errors import Conflict, NotPermitted
from core.principal import Principal, PrincipalKind
from core.text import Text


class ReissueLicence:
    """The use case 补办: says the same in a new version; prints and files of the lost one verify as superseded."""

    def __init__(self, steps: LifeSteps, maker: VersionMaker) -> None:
        self._steps = steps
        self._maker = maker

    async def __call__(self, step: Step, actor: Principal) -> Licence:
        """
        Raises:
            AppError: what `LifeSteps.take` raises.
        """

        async def make(found: Found) -> Outcome:
            return Outcome(*await _again(self._maker, found, Event.REISSUE, actor, None))

        return await self._steps.take(step, Event.REISSUE, actor, make)


class ConfirmLicence:
    """The use case: a clerk of the authority has compared an uploaded licence with its original; trust C becomes B."""

    def __init__(self, steps: LifeSteps, maker: VersionMaker) -> None:
        self._steps = steps
        self._maker = maker

    async def __call__(self, step: Step, actor: Principal) -> Licence:
        """
        Args:
            step: its reason says which original was seen.

        Raises:
            NotPermitted: `person-needed`: a system has seen nothing.
            Conflict: `trust-not-open`: only level C waits for an original.
            AppError: what `LifeSteps.take` raises.
        """
        if actor.kind is not PrincipalKind.STAFF:
            raise NotPermitted(
                "person-needed",
                Text("核对原件要由窗口人员本人来办。", "A member of staff who has seen the original must confirm it."),
            )

        async def make(found: Found) -> Outcome:
            if found.licence.current.trust is not Trust.C:
                raise Conflict(
                    "trust-not-open",
                    Text(
                        "只有本人上传的（C 级）证照要核对原件。",
                        "Only licences that were uploaded (trust C) wait for their original to be seen.",
                    ),
                )
            return Outcome(*await _again(self._maker, found, Event.CONFIRM, actor, Trust.B))

        return await self._steps.take(step, Event.CONFIRM, actor, make)


async def _again(
    maker: VersionMaker, found: Found, event: Event, actor: Principal, trust: Trust | None
) -> tuple[Licence, LicenceFile]:
    return await maker.next(
        found.licence,
        same_content(found.licence.current),
        found.licence_type,
        actor,
        event=event,
        trust=trust,
        sealed_before=found.seal_id,
    )


def same_content(version: LicenceVersion) -> VersionContent:
    return VersionContent(
        version.holders, version.data, version.licence_number, version.valid_from, version.valid_until
    )
