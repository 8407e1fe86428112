"""Upstream providers, links and sessions in SQL; unique constraints decide who links first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from core.db.database import ReadTx, WriteTx
from core.text import Text
from idp.model import Session
from idp.stores.sessions import session_of
from idp.stores.tables import session
from idp.stores.upsert import insert_if_new, insert_or_replace
from idp.stores.upstream_tables import upstream_bar, upstream_link, upstream_provider, upstream_session
from idp.upstream.model import (
    ClaimMapping,
    Link,
    Provider,
    ProviderStatus,
    TrustClass,
    UpstreamAuthMethod,
    UpstreamSession,
)
from keys.spec import SignatureAlgorithm


class SqlProviderStore:
    """Implements `idp.upstream.ports.ProviderStore`."""

    async def add(self, tx: WriteTx, provider: Provider) -> bool:
        fixed = {"id": provider.id, "issuer": provider.issuer, "created_at": provider.created_at}
        return await insert_if_new(tx.connection, upstream_provider, fixed | _changeable(provider))

    async def get(self, tx: ReadTx, provider_id: str) -> Provider | None:
        query = select(upstream_provider).where(upstream_provider.c.id == provider_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _provider(row)

    async def all(self, tx: ReadTx) -> Sequence[Provider]:
        query = select(upstream_provider).order_by(upstream_provider.c.created_at, upstream_provider.c.id)
        return [_provider(row) for row in (await tx.connection.execute(query)).all()]

    async def replace(self, tx: WriteTx, provider: Provider, *, revision: int) -> bool:
        change = (
            update(upstream_provider)
            .where(upstream_provider.c.id == provider.id, upstream_provider.c.revision == revision)
            .values(_changeable(provider))
        )
        return (await tx.connection.execute(change)).rowcount == 1


class SqlLinkStore:
    """Implements `idp.upstream.ports.LinkStore`."""

    async def add(self, tx: WriteTx, link: Link) -> bool:
        values = {name: getattr(link, name) for name in upstream_link.c.keys()}  # noqa: SIM118 - not a dict
        return await insert_if_new(tx.connection, upstream_link, values)

    async def by_subject(self, tx: ReadTx, *, provider_id: str, subject: str) -> Link | None:
        columns = upstream_link.c
        query = select(upstream_link).where(columns.provider_id == provider_id, columns.subject == subject)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _link(row)

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Link]:
        query = (
            select(upstream_link)
            .where(upstream_link.c.account_id == account_id)
            .order_by(upstream_link.c.linked_at, upstream_link.c.provider_id)
        )
        return [_link(row) for row in (await tx.connection.execute(query)).all()]

    async def used(self, tx: WriteTx, link: Link, at: dt.datetime) -> None:
        columns = upstream_link.c
        here = (columns.provider_id == link.provider_id, columns.subject == link.subject, columns.used_at < at)
        await tx.connection.execute(update(upstream_link).where(*here).values(used_at=at))

    async def remove(self, tx: WriteTx, *, provider_id: str, account_id: str) -> bool:
        columns = upstream_link.c
        removal = delete(upstream_link).where(columns.provider_id == provider_id, columns.account_id == account_id)
        return (await tx.connection.execute(removal)).rowcount == 1

    async def bar(self, tx: WriteTx, *, provider_id: str, account_id: str, at: dt.datetime) -> None:
        values = {"provider_id": provider_id, "account_id": account_id, "since": at}
        await insert_if_new(tx.connection, upstream_bar, values)

    async def unbar(self, tx: WriteTx, *, provider_id: str, account_id: str) -> None:
        columns = upstream_bar.c
        await tx.connection.execute(
            delete(upstream_bar).where(columns.provider_id == provider_id, columns.account_id == account_id)
        )

    async def is_barred(self, tx: ReadTx, *, provider_id: str, account_id: str) -> bool:
        columns = upstream_bar.c
        query = select(columns.since).where(columns.provider_id == provider_id, columns.account_id == account_id)
        return (await tx.connection.execute(query)).one_or_none() is not None


class SqlUpstreamSessionStore:
    """Implements `idp.upstream.ports.UpstreamSessionStore`."""

    async def put(self, tx: WriteTx, begun: UpstreamSession) -> None:
        values = {name: getattr(begun, name) for name in upstream_session.c.keys()}  # noqa: SIM118 - not a dict
        await insert_or_replace(tx.connection, upstream_session, values, key=("session_id", "provider_id"))

    async def of_session(self, tx: ReadTx, session_id: str) -> Sequence[UpstreamSession]:
        query = (
            select(upstream_session)
            .where(upstream_session.c.session_id == session_id)
            .order_by(upstream_session.c.begun_at.desc(), upstream_session.c.provider_id)
        )
        return [_begun(row) for row in (await tx.connection.execute(query)).all()]

    async def live(
        self, tx: ReadTx, *, provider_id: str, subject: str | None = None, sid: str | None = None
    ) -> Sequence[Session]:
        if subject is None and sid is None:
            return []
        columns = upstream_session.c
        conditions = [columns.provider_id == provider_id, session.c.ended_at.is_(None)]
        conditions += [] if subject is None else [columns.subject == subject]
        if sid is not None:  # of a provider that named no session in the ID token, all the subject's sessions are meant
            unnamed = [columns.sid.is_(None)] if subject is not None else []
            conditions.append(or_(columns.sid == sid, *unnamed))
        query = select(session).join(upstream_session, columns.session_id == session.c.id).where(*conditions)
        return [session_of(row) for row in (await tx.connection.execute(query.order_by(session.c.id))).all()]


def _changeable(provider: Provider) -> dict[str, object]:
    return {
        "name_zh": provider.name.zh,
        "name_en": provider.name.en,
        "client_id": provider.client_id,
        "auth_method": provider.auth_method.value,
        "secret_sealed": provider.secret_sealed,
        "trust": provider.trust.value,
        "terms": _terms(provider),
        "status": provider.status.value,
        "revision": provider.revision,
        "changed_at": provider.changed_at,
    }


def _terms(provider: Provider) -> dict[str, object]:
    mapping = provider.mapping
    return {
        "scopes": list(provider.scopes),
        "mapping": {
            "id_number": mapping.id_number,
            "name": mapping.name,
            "level": mapping.level,
            "levels": dict(mapping.levels),
            "stated_level": mapping.stated_level,
            "acrs": dict(mapping.acrs),
        },
        "algorithms": [str(algorithm) for algorithm in provider.algorithms],
        "userinfo": provider.userinfo,
        "required_acrs": list(provider.required_acrs),
        "hinting_clients": sorted(provider.hinting_clients),
    }


def _provider(row: Row[Any]) -> Provider:
    terms: Mapping[str, Any] = row.terms
    return Provider(
        id=row.id,
        name=Text(row.name_zh, row.name_en),
        issuer=row.issuer,
        client_id=row.client_id,
        auth_method=UpstreamAuthMethod(row.auth_method),
        secret_sealed=None if row.secret_sealed is None else bytes(row.secret_sealed),
        trust=TrustClass(row.trust),
        scopes=tuple(terms["scopes"]),
        mapping=ClaimMapping(**terms["mapping"]),
        algorithms=tuple(SignatureAlgorithm(name) for name in terms["algorithms"]),
        userinfo=terms["userinfo"],
        required_acrs=tuple(terms["required_acrs"]),
        hinting_clients=frozenset(terms["hinting_clients"]),
        status=ProviderStatus(row.status),
        revision=row.revision,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _link(row: Row[Any]) -> Link:
    return Link(row.provider_id, row.subject, row.account_id, row.linked_at, row.used_at)


def _begun(row: Row[Any]) -> UpstreamSession:
    return UpstreamSession(
        row.session_id, row.provider_id, row.subject, row.sid, bytes(row.id_token_sealed), row.begun_at
    )
