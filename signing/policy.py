"""Who may use which seal (pure): a grant must name the actor, cover the class of document, and be valid today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from core.principal import Principal, PrincipalKind
from signing.model import ANY_DOCUMENT, GranteeKind, Seal, SealGrant


def may_use(actor: Principal, seal: Seal, grants: Iterable[SealGrant], *, document_class: str, today: dt.date) -> bool:
    """True if one of `grants` gives `actor` the seal for this class on this day (Asia/Shanghai)."""
    return any(
        grant.seal_id == seal.id
        and grant.valid_from <= today <= grant.valid_to
        and (ANY_DOCUMENT in grant.document_classes or document_class in grant.document_classes)
        and _names(grant, actor, seal)
        for grant in grants
    )


def may_manage(actor: Principal, organisation: str) -> bool:
    """True if `actor` manages the seals of `organisation`: its own custodian, or the service itself."""
    if actor.kind is PrincipalKind.SYSTEM:
        return True
    return actor.may("seal:manage") and actor.organisation == organisation


def _names(grant: SealGrant, actor: Principal, seal: Seal) -> bool:
    if grant.grantee_kind is GranteeKind.CLIENT:
        return actor.kind is PrincipalKind.CLIENT and actor.id == grant.grantee
    if grant.grantee_kind is GranteeKind.ACCOUNT:
        return actor.kind in (PrincipalKind.STAFF, PrincipalKind.PERSON) and actor.id == grant.grantee
    if grant.grantee_kind is GranteeKind.SERVICE:
        return actor.kind is PrincipalKind.SYSTEM and actor.id == grant.grantee
    # a role counts only within the organisation that owns the seal
    return (
        actor.kind is PrincipalKind.STAFF and actor.organisation == seal.organisation and grant.grantee in actor.roles
    )
