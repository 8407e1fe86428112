"""Who may use which seal (pure): a grant must name the actor, cover the class of document, and be valid today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from core.principal import Principal, PrincipalKind
from signing.model import ANY_DOCUMENT, GranteeKind, GrantForm, Seal, SealGrant, SealKind


def grants_for(
    actor: Principal,
    seal: Seal,
    grants: Iterable[SealGrant],
    *,
    document_class: str,
    today: dt.date,
    form: GrantForm = GrantForm.DOCUMENT,
) -> list[SealGrant]:
    """Those of `grants` that give `actor` the seal for this class in this form on this day (Asia/Shanghai).

    No form stands for another: whoever may seal files that are seen may not for that have unseen ones sealed.

    The ones that ask for least come first: those without a ceiling, then those that are counted, then those that want
    a second person's approval.
    """
    found = [
        grant
        for grant in grants
        if grant.seal_id == seal.id
        and grant.ended_at is None
        and grant.form is form
        and grant.valid_from <= today <= grant.valid_to
        and (ANY_DOCUMENT in grant.document_classes or document_class in grant.document_classes)
        and _names(grant, actor, seal)
    ]
    return sorted(found, key=lambda grant: (grant.approval, grant.max_uses is not None, grant.id))


def may_manage(actor: Principal, organisation: str) -> bool:
    """True if `actor` manages the seals of `organisation`: its own custodian, or the service itself."""
    return _has(actor, organisation, "seal:manage")


def may_approve(actor: Principal, organisation: str) -> bool:
    """True if `actor` reviews what is done with the seals of `organisation`."""
    return _has(actor, organisation, "seal:approve")


def may_look(actor: Principal, organisation: str) -> bool:
    """True if `actor` may see the grants and the ledger of the seals of `organisation`."""
    return any(_has(actor, organisation, duty) for duty in ("seal:manage", "seal:approve", "audit:read"))


def _has(actor: Principal, organisation: str, duty: str) -> bool:
    if actor.kind is PrincipalKind.SYSTEM:
        return True
    return actor.may(duty) and actor.organisation == organisation


def _names(grant: SealGrant, actor: Principal, seal: Seal) -> bool:
    if seal.kind is SealKind.PERSONAL and not (
        grant.grantee_kind is GranteeKind.ACCOUNT and grant.grantee == seal.bearer
    ):
        return False  # nobody but the bearer, whatever was granted (电子签名法 §13: sole control)
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
