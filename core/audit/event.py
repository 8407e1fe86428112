"""What an audit event says: who did what to what, for which purpose, with which outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.principal import Principal, Purpose

Outcome = Literal["done", "refused", "attempted"]
Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event; never holds an ID number, a name or another personal datum.

    Attributes:
        action: dotted verb, e.g. `licence.issue`, `licence.read`, `session.start`, `seal.use`.
        outcome: `done`, `refused`, or `attempted` (begun, result unknown).
        actor: who acts.
        subject: our id of the thing acted on, e.g. `lic_…`, `seal_…`, `acc_…`.
        purpose: why, for reads of personal data.
        detail: small facts by name: error code, version number, field names, counts.
    """

    action: str
    outcome: Outcome
    actor: Principal
    subject: str | None = None
    purpose: Purpose | None = None
    detail: Detail = field(default_factory=dict)
