"""Registered clients, pairwise subjects and remembered consents in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared
from core.text import Text
from idp.client_metadata import from_stored, to_stored
from idp.clients.ports import ClientSearch, RegisteredClients
from idp.model import Client, ClientAuthMethod, ClientStatus, Consent, GrantType
from idp.ports import ClientStore
from idp.stores.registration_tables import client_registration
from idp.stores.tables import client, consent, pairwise_subject
from idp.stores.upsert import insert_if_new, insert_or_replace, prepared_if_new
from keys.spec import SignatureAlgorithm

_SECRETS = frozenset(
    {
        "secret_digest",
        "secret_sealed",
        "earlier_secret_digest",
        "earlier_secret_sealed",
        "earlier_secret_ends_at",
    }
)
_NOT_DESCRIBED = _SECRETS | {"id", "status", "created_at"}
_REMEMBER_SUBJECT = prepared_if_new(pairwise_subject)
_LOOK_AT_CONSENT = select(consent).where(
    consent.c.account_id == bindparam("account_id"), consent.c.client_id == bindparam("client_id")
)
_CONSENT = Prepared(_LOOK_AT_CONSENT)
_HELD_CONSENT = Prepared(_LOOK_AT_CONSENT.with_for_update(read=True))  # SQLite has one writer at a time anyway


class SqlClientStore:
    """Implements `idp.ports.ClientStore` and `idp.clients.ports.RegisteredClients`."""

    async def add(self, tx: WriteTx, client_: Client) -> bool:
        return await insert_if_new(tx.connection, client, _values(client_))

    async def get(self, tx: ReadTx, client_id: str) -> Client | None:
        row = (await tx.connection.execute(select(client).where(client.c.id == client_id))).one_or_none()
        return None if row is None else _client(row)

    async def change_status(self, tx: WriteTx, client_id: str, status: ClientStatus) -> bool:
        return await self.move(tx, client_id, expected=(ClientStatus.ACTIVE, ClientStatus.DISABLED), new=status)

    async def move(self, tx: WriteTx, client_id: str, *, expected: Sequence[ClientStatus], new: ClientStatus) -> bool:
        here = (client.c.id == client_id, client.c.status.in_([one.value for one in expected]))
        return (await tx.connection.execute(update(client).where(*here).values(status=new.value))).rowcount == 1

    async def redescribe(self, tx: WriteTx, client_: Client) -> bool:
        values = {name: value for name, value in _values(client_).items() if name not in _NOT_DESCRIBED}
        change = update(client).where(client.c.id == client_.id).values(values)
        return (await tx.connection.execute(change)).rowcount == 1

    async def write_secrets(self, tx: WriteTx, client_: Client, *, known: Client) -> bool:
        here = (
            client.c.id == client_.id,
            client.c.secret_digest.is_not_distinct_from(known.secret_digest),
            client.c.earlier_secret_digest.is_not_distinct_from(known.earlier_secret_digest),
        )
        values = {name: value for name, value in _values(client_).items() if name in _SECRETS}
        return (await tx.connection.execute(update(client).where(*here).values(values))).rowcount == 1

    async def page(self, tx: ReadTx, search: ClientSearch, *, after: str | None, limit: int) -> Sequence[Client]:
        query = select(client).order_by(client.c.id).limit(limit)
        if after is not None:
            query = query.where(client.c.id > after)
        if search.organisation is not None:
            query = query.where(client.c.organisation == search.organisation)
        if search.status is not None:
            query = query.where(client.c.status == search.status.value)
        if search.text:
            columns = (client.c.id, client.c.name_zh, client.c.name_en)
            query = query.where(or_(*(column.icontains(search.text, autoescape=True) for column in columns)))
        return [_client(row) for row in await tx.connection.execute(query)]

    async def delete_removed(self, tx: WriteTx, before: dt.datetime, limit: int) -> int:
        record = client_registration
        query = (
            select(client.c.id)
            .join(record, record.c.client_id == client.c.id)
            .where(client.c.status == ClientStatus.REMOVED.value, record.c.changed_at < before)
            .order_by(record.c.changed_at)
            .limit(limit)
        )
        count = 0
        for (client_id,) in (await tx.connection.execute(query)).all():
            count += await self._delete(tx, client_id)
        return count

    async def _delete(self, tx: WriteTx, client_id: str) -> int:
        try:
            async with tx.connection.begin_nested():
                return (await tx.connection.execute(delete(client).where(client.c.id == client_id))).rowcount
        except IntegrityError:  # tokens, sessions or messages of it are still there; they have an end of their own
            return 0

    async def renew_digest(self, tx: WriteTx, client_id: str, *, old: str, new: str) -> bool:
        change = update(client).where(client.c.id == client_id, client.c.secret_digest == old).values(secret_digest=new)
        return (await tx.connection.execute(change)).rowcount == 1

    async def remember_subject(self, tx: WriteTx, *, subject: str, sector: str, account_id: str) -> None:
        values = {"subject": subject, "sector": sector, "account_id": account_id}
        await tx.change(_REMEMBER_SUBJECT, values)

    async def account_of(self, tx: ReadTx, *, subject: str, sector: str) -> str | None:
        query = select(pairwise_subject.c.account_id).where(
            pairwise_subject.c.subject == subject, pairwise_subject.c.sector == sector
        )
        found: str | None = (await tx.connection.execute(query)).scalar_one_or_none()
        return found

    async def addresses_of_public(self, tx: ReadTx) -> Sequence[tuple[str, ...]]:
        query = select(client.c.redirect_uris).where(
            client.c.auth_method == ClientAuthMethod.NONE.value, client.c.status == ClientStatus.ACTIVE.value
        )
        return [tuple(row.redirect_uris) for row in await tx.connection.execute(query)]


class SqlConsentStore:
    """Implements `idp.ports.ConsentStore`."""

    async def get(self, tx: ReadTx, *, account_id: str, client_id: str) -> Consent | None:
        row = await tx.row(_CONSENT, {"account_id": account_id, "client_id": client_id})
        return None if row is None else _consent(row)

    async def hold(self, tx: WriteTx, *, account_id: str, client_id: str) -> Consent | None:
        row = await tx.row(_HELD_CONSENT, {"account_id": account_id, "client_id": client_id})
        return None if row is None else _consent(row)

    async def remember(self, tx: WriteTx, consent_: Consent) -> None:
        values = {
            "account_id": consent_.account_id,
            "client_id": consent_.client_id,
            "scopes": sorted(consent_.scopes),
            "granted_at": consent_.granted_at,
            "declined": sorted(consent_.declined),
        }
        await insert_or_replace(tx.connection, consent, values, key=("account_id", "client_id"))

    async def withdraw(self, tx: WriteTx, *, account_id: str, client_id: str) -> bool:
        removal = delete(consent).where(consent.c.account_id == account_id, consent.c.client_id == client_id)
        return (await tx.connection.execute(removal)).rowcount == 1

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Consent]:
        query = select(consent).where(consent.c.account_id == account_id).order_by(consent.c.granted_at.desc())
        return [_consent(row) for row in (await tx.connection.execute(query)).all()]


def _consent(row: Row[Any]) -> Consent:
    return Consent(row.account_id, row.client_id, frozenset(row.scopes), row.granted_at, frozenset(row.declined))


def _values(client_: Client) -> dict[str, object]:
    return {
        "id": client_.id,
        "name_zh": client_.name.zh,
        "name_en": client_.name.en,
        "redirect_uris": list(client_.redirect_uris),
        "post_logout_redirect_uris": list(client_.post_logout_redirect_uris),
        "backchannel_logout_uri": client_.backchannel_logout_uri,
        "auth_method": client_.auth_method.value,
        "secret_digest": client_.secret_digest,
        "scopes": sorted(client_.scopes),
        "grants": sorted(grant.value for grant in client_.grants),
        "id_token_alg": client_.id_token_alg.value,
        "organisation": client_.organisation,
        "realname_approved": client_.realname_approved,
        "sector": client_.sector,
        "status": client_.status.value,
        "created_at": client_.created_at,
        "secret_sealed": client_.secret_sealed,
        "earlier_secret_digest": client_.earlier_secret_digest,
        "earlier_secret_sealed": client_.earlier_secret_sealed,
        "earlier_secret_ends_at": client_.earlier_secret_ends_at,
        "metadata": to_stored(client_.metadata),
    }


def _client(row: Row[Any]) -> Client:
    return Client(
        id=row.id,
        name=Text(row.name_zh, row.name_en),
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        backchannel_logout_uri=row.backchannel_logout_uri,
        auth_method=ClientAuthMethod(row.auth_method),
        secret_digest=row.secret_digest,
        scopes=frozenset(row.scopes),
        grants=frozenset(GrantType(grant) for grant in row.grants),
        id_token_alg=SignatureAlgorithm(row.id_token_alg),
        organisation=row.organisation,
        realname_approved=row.realname_approved,
        sector=row.sector,
        status=ClientStatus(row.status),
        created_at=row.created_at,
        secret_sealed=row.secret_sealed,
        earlier_secret_digest=row.earlier_secret_digest,
        earlier_secret_sealed=row.earlier_secret_sealed,
        earlier_secret_ends_at=row.earlier_secret_ends_at,
        metadata=from_stored(row.metadata),
    )


_: type[ClientStore] = SqlClientStore
_registered: type[RegisteredClients] = SqlClientStore
