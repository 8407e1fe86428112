"""Security administrators hand out what opens the registration endpoint: initial access tokens, and trust in the issuer
of software statements (RFC 7591 §2.3, §3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import Database
from core.errors import Conflict, InvalidInput, NotFound
from core.ids import new_id, new_secret
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from idp.clients.duties import Duties
from idp.clients.fields import key_set
from idp.clients.policy import RegistrationPolicy
from idp.clients.ports import PermitStore
from idp.clients.records import Permit, PermitKind
from idp.errors import RegistrationError
from idp.protocol.scopes import ALL_SCOPES, REALNAME
from idp.token_uses import INITIAL_ACCESS
from keys.errors import KeyRefused
from keys.jose.jwk_set import read_jwk_set
from keys.ports import TokenDigests

LONGEST = dt.timedelta(days=366)
MOST_CLIENTS = 10_000


@dataclass(frozen=True, slots=True)
class IssuedPermit:
    """A permit, and its token, which is shown this once."""

    permit: Permit
    token: str | None = field(default=None, repr=False)


class IssuePermits:
    """The use cases; all of them raise NotPermitted `duty-missing` for anybody but a security administrator."""

    def __init__(self, database: Database, permits: PermitStore, digests: TokenDigests, clock: Clock) -> None:
        self._database = database
        self._permits = permits
        self._digests = digests
        self._clock = clock
        self._duties = Duties(database)

    async def initial_access_token(
        self,
        policy: RegistrationPolicy,
        actor: Principal,
        *,
        note: str,
        lifetime: dt.timedelta,
        most_uses: int,
    ) -> IssuedPermit:
        """A token with which somebody may register `most_uses` clients within `lifetime`.

        Raises:
            InvalidInput: `permit-invalid`.
        """
        token = new_secret()
        if not dt.timedelta(0) < lifetime <= LONGEST:
            raise _invalid("lifetime", "must be between a moment and 366 days")
        now = self._clock.now()
        permit = Permit(
            id=new_id(self._clock, "prm"),
            kind=PermitKind.TOKEN,
            note=note,
            policy=policy,
            created_by=actor.id,
            created_at=now,
            most_clients=most_uses,
            digest=self._digests.digest(INITIAL_ACCESS, token),
            most_uses=most_uses,
            expires_at=now + lifetime,
        )
        await self._add(permit, actor)
        return IssuedPermit(permit, token)

    async def statement_issuer(
        self,
        issuer: str,
        jwks: Mapping[str, Any],
        policy: RegistrationPolicy,
        actor: Principal,
        *,
        note: str,
        most_clients: int,
    ) -> IssuedPermit:
        """Trust the software statements that an issuer signs with these keys.

        Raises:
            InvalidInput: `permit-invalid`.
            Conflict: `permit-exists`.
        """
        try:
            jwks = key_set("jwks", jwks)
            keys = read_jwk_set(jwks)
        except (KeyRefused, RegistrationError) as error:
            raise _invalid("jwks", error.private or error.text.en) from None
        if not keys.keys or keys.left_out:
            raise _invalid("jwks", "holds a key that cannot be used, or none")
        if not 0 < len(issuer) <= 255 or not issuer.isprintable():
            raise _invalid("issuer", "must be a printable text of at most 255 characters")
        permit = Permit(
            id=new_id(self._clock, "prm"),
            kind=PermitKind.STATEMENTS,
            note=note,
            policy=policy,
            created_by=actor.id,
            created_at=self._clock.now(),
            most_clients=most_clients,
            issuer=issuer,
            jwks=jwks,
        )
        await self._add(permit, actor)
        return IssuedPermit(permit)

    async def page(
        self, kind: PermitKind, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[Permit]:
        """The newest first, also those that are over, while they are kept."""
        await self._duties.check_decides(actor, "permit.list", None)
        size = page_size(limit)
        after = last_id(cursor)
        async with self._database.read() as tx:
            found = await self._permits.page(tx, kind, after=after, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def end(self, permit_id: str, actor: Principal) -> None:
        """Nobody registers with it any more; clients that were registered stay.

        Raises:
            NotFound: `permit-not-found`: there is none, or it has ended.
        """
        await self._duties.check_decides(actor, "permit.end", None)  # whatever was typed is not written down
        async with self._database.write() as tx:
            known = permit_id.isprintable() and await self._permits.end(tx, permit_id, self._clock.now())
            if not known:
                raise NotFound("permit-not-found", Text("没有这个许可。", "There is no such permit."))
            tx.audit(AuditEvent("permit.end", "done", actor, permit_id))
            await tx.commit()

    async def _add(self, permit: Permit, actor: Principal) -> None:
        await self._duties.check_decides(actor, "permit.issue", None)
        _check(permit)
        async with self._database.write() as tx:
            if not await self._permits.add(tx, permit):
                raise Conflict(
                    "permit-exists",
                    Text("这个签发方已经登记过了。", "This issuer is trusted already. End that permit first."),
                )
            detail: Detail = {
                "kind": permit.kind.value,
                "scopes": " ".join(sorted(permit.policy.scopes)),
                "review": permit.policy.review,
                "most_clients": permit.most_clients,
            }
            tx.audit(AuditEvent("permit.issue", "done", actor, permit.id, detail=detail))
            await tx.commit()


def _check(permit: Permit) -> None:
    policy = permit.policy
    if policy.administrator:
        raise _invalid("policy", "cannot give the members that only people set")
    if not policy.scopes <= ALL_SCOPES - {REALNAME}:  # real names are approved client by client
        raise _invalid("scopes", "holds a scope that does not exist or that is approved client by client")
    if any(scope.startswith("admin:") for scope in policy.scopes):
        raise _invalid("scopes", "holds a scope of administrators")
    if not policy.grants:
        raise _invalid("grant_types", "must not be empty")
    if not 0 < permit.most_clients <= MOST_CLIENTS:
        raise _invalid("most_clients", f"must be between 1 and {MOST_CLIENTS}")
    if not 0 < len(permit.note) <= 200 or not permit.note.isprintable():
        raise _invalid("note", "must say in at most 200 printable characters for whom it is")
    if not all(host.isascii() and host.isprintable() for host in policy.redirect_hosts):
        raise _invalid("redirect_hosts", "must be host names in ASCII, or suffixes")


def _invalid(field: str, why: str) -> InvalidInput:
    text = Text("许可的 {field} 不合规则：{why}。", "The permit's {field} is not as required: {why}.")
    return InvalidInput("permit-invalid", text.format(field=field, why=why), field=field, private=why)
