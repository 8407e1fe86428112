"""Who may do what in the repository: scopes, the organisation acted for, grants of use, the holder's own."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from certstore.codes import ORGANISATION_CODE, HolderCode
from certstore.errors import UseNotGranted
from certstore.model import ConsumerGrant, Licence
from certstore.ports import CatalogueStore, HolderDirectory, HolderIdentity
from core.audit.event import AuditEvent
from core.db.database import Database, ReadTx
from core.errors import AppError, Conflict, LimitExceeded, NotFound, NotPermitted
from core.principal import Principal, PrincipalKind, Purpose
from core.text import Text

_OUR_ID = re.compile(r"[a-z]{2,8}_[0-9a-z]{26}")
_REFUSALS = (NotPermitted, NotFound, Conflict, LimitExceeded)


@asynccontextmanager
async def refusals_audited(
    database: Database, action: str, actor: Principal, *, subject: str | None = None, purpose: Purpose | None = None
) -> AsyncIterator[None]:
    """Write one `refused` event for a refusal raised inside. Open it around the transaction, never within."""
    try:
        yield
    except AppError as error:
        if isinstance(error, _REFUSALS):
            # what a caller put into an address is kept only if it has the form of our ids
            known = subject if subject and _OUR_ID.fullmatch(subject) else None
            await database.record(AuditEvent(action, "refused", actor, known, purpose, {"error": error.code}))
        raise


def require_scope(actor: Principal, scope: str) -> None:
    """
    Raises:
        NotPermitted: `scope-missing`. The service itself (SYSTEM) may do everything.
    """
    if actor.kind is not PrincipalKind.SYSTEM and not actor.may(scope):
        raise NotPermitted(
            "scope-missing",
            Text(f"缺少权限 {scope}，请向管理员申请。", f"The scope {scope} is missing. Ask an administrator for it."),
        )


def require_type(actor: Principal, scope: str, type_code: str) -> None:
    """
    Raises:
        NotPermitted: `licence-type-not-yours`, where the actor's role is limited to other types.
    """
    if not actor.may_with(scope, type_code):
        raise NotPermitted(
            "licence-type-not-yours",
            Text(
                "您的岗位不办这类证照，请找负责的同事办理。",
                "Your role does not cover licences of this type; ask the colleague in charge.",
            ),
        )


async def grants_within_reach(
    catalogue: CatalogueStore, tx: ReadTx, organisation: str, item: str, actor: Principal
) -> Mapping[str, ConsumerGrant]:
    """The organisation's grants for a service item, as far as the actor's role reaches: the rest looks not granted."""
    return within_reach(await catalogue.grants(tx, organisation, item), actor)


def within_reach(grants: Mapping[str, ConsumerGrant], actor: Principal) -> Mapping[str, ConsumerGrant]:
    """Those of them that the actor's role reaches."""
    return {code: grant for code, grant in grants.items() if actor.may_with("licence:read", code)}


def acting_organisation(actor: Principal) -> str:
    """The organisation that a client or a member of staff acts for.

    Raises:
        NotPermitted: `organisation-missing`.
    """
    if actor.kind not in (PrincipalKind.CLIENT, PrincipalKind.STAFF) or not actor.organisation:
        raise NotPermitted(
            "organisation-missing",
            Text(
                "只有机关单位的系统或工作人员可以这样做。",
                "Only an organisation's system or its staff may do this.",
            ),
        )
    return actor.organisation


async def identity_of(holders: HolderDirectory, actor: Principal) -> HolderIdentity:
    """The person behind a log-in, or the organisation that they act for.

    Raises:
        NotPermitted: `person-needed`.
    """
    identity = await known_holder(holders, actor)
    if identity is None:
        raise NotPermitted(
            "person-needed",
            Text("请用本人账号登录后再试。", "Log in with your own account and try again."),
        )
    return identity


async def known_holder(holders: HolderDirectory, actor: Principal) -> HolderIdentity | None:
    """Whose licences an actor has: their own, or those of the organisation that a person acts for; None for others.

    A member of staff has their own: what their office holds is not theirs.
    """
    if actor.kind is PrincipalKind.PERSON and actor.organisation is not None:
        return HolderIdentity(actor.id, HolderCode(ORGANISATION_CODE, actor.organisation), actor.name or "")
    if actor.kind in (PrincipalKind.PERSON, PrincipalKind.STAFF):
        return await holders.of_account(actor.id)
    return None


def holds(licence: Licence, identity: HolderIdentity) -> bool:
    """True if the person is one of the current holders."""
    return any(holder.code in identity.codes for holder in licence.current.holders)


def minimised(grant: ConsumerGrant, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The fields to give: those asked for, if the grant has them all; everything granted if none were named.

    Raises:
        UseNotGranted: `fields-not-granted`; the whole request is refused, not silently narrowed (attacks L-06).
    """
    if asked is None:
        return grant.fields
    if not set(asked) <= set(grant.fields):
        raise UseNotGranted(
            Text(
                "所要的字段超出了本机关办理这个事项的授权范围。请只要授权内的字段。",
                "The fields asked for go beyond your organisation's grant for this service item. Ask only for "
                "granted fields.",
            ),
            code="fields-not-granted",
        )
    return tuple(name for name in grant.fields if name in set(asked))


def values_of(licence: Licence, fields: Sequence[str]) -> Mapping[str, object]:
    """The named fields of a licence's face; a name that the face does not have is left out."""
    holders = licence.current.holders
    every: dict[str, object] = {
        **licence.current.data,
        "holder_name": [holder.name for holder in holders],
        "holder_code": [{"type": holder.code.kind, "code": holder.code.number} for holder in holders],
        "number": licence.current.licence_number,
    }
    return {name: every[name] for name in fields if name in every}
