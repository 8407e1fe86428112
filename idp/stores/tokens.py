"""Token families in SQL: one row per family, whatever number of refresh tokens descend from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import String, bindparam, exists, insert, or_, select, update

from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared, Row
from idp.model import AccountStatus, Confirmation, GrantType, Standing, TokenFamily
from idp.stores.some import delete_some
from idp.stores.tables import account, revoked_token, session, token_family
from idp.stores.upsert import prepared_if_new

# The statements of the hot endpoints are built once: building one costs more than SQLite takes to answer it.
_REVOKED = Prepared(select(revoked_token.c.id).where(revoked_token.c.id == bindparam("token_id")))
_ADD_REVOKED = prepared_if_new(revoked_token)

_STANDING = Prepared(
    select(
        token_family,
        # A session's row that was swept away had expired; offline families live on without it.
        or_(session.c.ended_at.is_not(None), session.c.id.is_(None) & token_family.c.offline.is_(False)).label(
            "session_ended"
        ),
        account.c.status.label("account_status"),
        account.c.level.label("account_level"),
        exists().where(revoked_token.c.id == bindparam("token_id", type_=String)).label("token_revoked"),
    )
    .join(account, account.c.id == token_family.c.account_id)
    .join(session, session.c.id == token_family.c.session_id, isouter=True)
    .where(token_family.c.id == bindparam("family_id"))
)

_ADD = Prepared(insert(token_family))
_BY_CODE = Prepared(select(token_family).where(token_family.c.code_digest == bindparam("digest")))

_REDEEM = Prepared(
    update(token_family)
    .where(token_family.c.id == bindparam("family_id"), token_family.c.redeemed_at.is_(None))
    .values(
        redeemed_at=bindparam("at"),
        expires_at=bindparam("until"),
        ends_at=bindparam("ends"),
        confirmation_method=bindparam("method"),
        confirmation_thumbprint=bindparam("thumbprint"),
    )
)

_NEWEST = Prepared(
    select(token_family.c.id)
    .where(
        token_family.c.session_id == bindparam("session_id"),
        token_family.c.client_id == bindparam("client_id"),
        token_family.c.redeemed_at.is_not(None),
        token_family.c.revoked_at.is_(None),
    )
    .order_by(token_family.c.created_at.desc(), token_family.c.id.desc())
    .limit(1)
)

_REVOKE = Prepared(
    update(token_family)
    .where(token_family.c.id == bindparam("family_id"), token_family.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"), revoked_for=bindparam("reason"))
)

_ROTATE = Prepared(
    update(token_family)
    .where(
        token_family.c.id == bindparam("family_id"),
        token_family.c.generation == bindparam("current"),
        token_family.c.redeemed_at.is_not(None),
        token_family.c.revoked_at.is_(None),
        token_family.c.expires_at > bindparam("at"),
    )
    .values(
        generation=bindparam("next"),
        rotated_at=bindparam("at"),
        expires_at=bindparam("until"),
        retry_digest=bindparam("retry"),
    )
)


class SqlTokenStore:
    """Implements `idp.ports.TokenStore`."""

    async def add(self, tx: WriteTx, family: TokenFamily) -> None:
        await tx.change(_ADD, _values(family))

    async def by_code(self, tx: ReadTx, code_digests: Sequence[str]) -> TokenFamily | None:
        for digest in code_digests:  # one, unless their key has just been replaced
            row = await tx.row(_BY_CODE, {"digest": digest})
            if row is not None:
                return _family(row)
        return None

    async def redeem(
        self,
        tx: WriteTx,
        family_id: str,
        *,
        at: dt.datetime,
        expires_at: dt.datetime,
        ends_at: dt.datetime,
        confirmation: Confirmation | None = None,
    ) -> bool:
        values = {
            "family_id": family_id,
            "at": at,
            "until": expires_at,
            "ends": ends_at,
            "method": confirmation.method if confirmation else None,
            "thumbprint": confirmation.thumbprint if confirmation else None,
        }
        return await tx.change(_REDEEM, values) == 1

    async def rotate(
        self,
        tx: WriteTx,
        family_id: str,
        *,
        generation: int,
        at: dt.datetime,
        expires_at: dt.datetime,
        retry_digest: str | None,
    ) -> bool:
        values = {
            "family_id": family_id,
            "current": generation,
            "at": at,
            "until": expires_at,
            "retry": retry_digest,
            "next": generation + 1,
        }
        return await tx.change(_ROTATE, values) == 1

    async def use(
        self, tx: WriteTx, family_id: str, *, generation: int, at: dt.datetime, expires_at: dt.datetime
    ) -> bool:
        values = {
            "family_id": family_id,
            "current": generation,
            "at": at,
            "until": expires_at,
            "retry": None,
            "next": generation,
        }
        return await tx.change(_ROTATE, values) == 1

    async def revoke(self, tx: WriteTx, family_id: str, *, at: dt.datetime, reason: str) -> bool:
        return await tx.change(_REVOKE, {"family_id": family_id, "at": at, "reason": reason}) == 1

    async def revoke_between(
        self, tx: WriteTx, *, account_id: str, client_id: str, at: dt.datetime, reason: str
    ) -> int:
        change = (
            update(token_family)
            .where(
                token_family.c.account_id == account_id,
                token_family.c.client_id == client_id,
                token_family.c.revoked_at.is_(None),
            )
            .values(revoked_at=at, revoked_for=reason)
        )
        return (await tx.connection.execute(change)).rowcount

    async def revoke_session(self, tx: WriteTx, session_id: str, *, at: dt.datetime, reason: str) -> int:
        change = (
            update(token_family)
            .where(token_family.c.session_id == session_id, token_family.c.revoked_at.is_(None))
            .values(revoked_at=at, revoked_for=reason)
        )
        return (await tx.connection.execute(change)).rowcount

    async def revoke_account(self, tx: WriteTx, account_id: str, *, at: dt.datetime, reason: str) -> int:
        change = (
            update(token_family)
            .where(token_family.c.account_id == account_id, token_family.c.revoked_at.is_(None))
            .values(revoked_at=at, revoked_for=reason)
        )
        return (await tx.connection.execute(change)).rowcount

    async def standing(self, tx: ReadTx, family_id: str, *, token_id: str | None = None) -> Standing | None:
        row = await tx.row(_STANDING, {"family_id": family_id, "token_id": token_id})
        if row is None:
            return None
        return Standing(
            _family(row),
            bool(row.session_ended),
            AccountStatus(row.account_status),
            row.account_level,
            bool(row.token_revoked),
        )

    async def newest(self, tx: ReadTx, *, session_id: str, client_id: str) -> Standing | None:
        row = await tx.row(_NEWEST, {"session_id": session_id, "client_id": client_id})
        return None if row is None else await self.standing(tx, row.id)

    async def revoke_token(self, tx: WriteTx, token_id: str, *, expires_at: dt.datetime) -> None:
        await tx.change(_ADD_REVOKED, {"id": token_id, "expires_at": expires_at})

    async def is_token_revoked(self, tx: ReadTx, token_id: str) -> bool:
        return await tx.row(_REVOKED, {"token_id": token_id}) is not None

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        families = await delete_some(tx, token_family, token_family.c.expires_at < before)
        return families + await delete_some(tx, revoked_token, revoked_token.c.expires_at < before)


def _values(family: TokenFamily) -> dict[str, object]:
    values = {name: getattr(family, name, None) for name in token_family.c.keys()}  # noqa: SIM118 - not a dict
    bound = family.confirmation
    return values | {
        "origin": family.origin.value,
        "confirmation_method": bound.method if bound else None,
        "confirmation_thumbprint": bound.thumbprint if bound else None,
        "acting_under": family.acting_for["authorisation"] if family.acting_for else None,
    }


def _family(row: Row) -> TokenFamily:
    bound = None
    if row.confirmation_method is not None:
        bound = Confirmation(row.confirmation_method, row.confirmation_thumbprint)
    return TokenFamily(
        id=row.id,
        code_digest=row.code_digest,
        session_id=row.session_id,
        account_id=row.account_id,
        client_id=row.client_id,
        subject=row.subject,
        sid=row.sid,
        scopes=tuple(row.scopes),
        userinfo_claims=tuple(row.userinfo_claims),
        auth_time=row.auth_time,
        offline=row.offline,
        created_at=row.created_at,
        expires_at=row.expires_at,
        redeemed_at=row.redeemed_at,
        generation=row.generation,
        rotated_at=row.rotated_at,
        retry_digest=row.retry_digest,
        revoked_at=row.revoked_at,
        revoked_for=row.revoked_for,
        origin=GrantType(row.origin),
        acr=row.acr,
        amr=tuple(row.amr),
        resources=tuple(row.resources),
        authorization_details=tuple(row.authorization_details),
        confirmation=bound,
        actor=row.actor,
        acting_for=row.acting_for,
        ends_at=row.ends_at,
    )
