"""What every step in a seal's life writes down: who took it, where it led, and why."""

from __future__ import annotations

from core.clock import Clock
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text
from signing.lifecycle import SealEvent
from signing.model import SealStatus, SealStep

MAX_REASON = 200


def step(
    clock: Clock,
    event: SealEvent,
    status: SealStatus,
    actor: Principal,
    reason: str = "",
    *,
    application_id: str | None = None,
    seal_id: str | None = None,
) -> SealStep:
    """One step, now."""
    return SealStep(
        application_id=application_id,
        seal_id=seal_id,
        event=event.value,
        status=status,
        actor_kind=actor.kind.value,
        actor=actor.id[:128],
        actor_organisation=actor.organisation,
        reason=reason,
        at=clock.now(),
    )


def checked_reason(typed: str, *, needed: bool = False) -> str:
    """The reason in one line.

    Raises:
        InvalidInput: `reason-invalid`.
    """
    reason = " ".join(typed.split())
    if len(reason) > MAX_REASON or not reason.isprintable() or (needed and not reason):
        raise InvalidInput(
            "reason-invalid",
            Text("请写明事由，至多 200 字。", "Give the reason, up to 200 characters."),
            field="reason",
        )
    return reason
