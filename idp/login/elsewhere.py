"""What a person grants here to a client that waits elsewhere: a kiosk, an app on a television, a counter.

The screen that gets the tokens is not the browser in which the person agreed, so it has a session of its own: shown in
the person's list, ended there or with the account, never entered by a cookie. Session, consent and token family are
written in one transaction; from then on whatever ends one of them ends the tokens, even before they are fetched
(attacks O-37).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import WriteTx
from core.errors import NotPermitted
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp import levels
from idp.login.consent_terms import extended
from idp.login.sessions import Visit
from idp.model import Client, GrantType, Session, SessionClient, SessionKind, TokenFamily
from idp.ports import ClientStore, ConsentStore, SessionStore, TokenStore
from idp.protocol.scopes import OFFLINE_ACCESS
from idp.tokens.pairwise import PairwiseNames

_KINDS = {GrantType.DEVICE_CODE: SessionKind.DEVICE, GrantType.CIBA: SessionKind.DECOUPLED}


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the person agreed to.

    Attributes:
        origin: the grant by which the client will fetch its tokens.
        fetch_by: nothing lives longer than this until they are fetched.
        declined: scopes that were asked for and left out.
    """

    origin: GrantType
    scopes: tuple[str, ...]
    fetch_by: dt.datetime
    resources: tuple[str, ...] = ()
    authorization_details: tuple[Mapping[str, Any], ...] = ()
    declined: tuple[str, ...] = ()


class Demands(Protocol):
    """Knows what the city demands of everybody who lets a client in."""

    async def for_client(self, client_id: str) -> str:
        """An authentication context (acr)."""


class GrantElsewhere:
    """Works inside the caller's transaction; the caller commits."""

    def __init__(
        self,
        sessions: SessionStore,
        clients: ClientStore,
        consents: ConsentStore,
        tokens: TokenStore,
        names: PairwiseNames,
        demands: Demands,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._clients = clients
        self._consents = consents
        self._tokens = tokens
        self._names = names
        self._demands = demands
        self._clock = clock

    async def check(self, visit: Visit, client: Client) -> None:
        """Before anything is decided: is this session strong enough for the client?

        Raises:
            NotPermitted: `log-in-too-weak`.
        """
        if levels.rank(visit.session.acr) < levels.rank(await self._demands.for_client(client.id)):
            raise NotPermitted(
                "log-in-too-weak",
                Text(
                    "登录这家要更强的身份认证。请退出，用两种方式（比如密码加验证码）重新登录，再确认。",
                    "This client asks for a stronger log-in. Log out, log in with two factors (such as a password "
                    "and a code), and confirm again.",
                ),
            )

    async def __call__(self, tx: WriteTx, visit: Visit, client: Client, agreed: Agreed) -> TokenFamily:
        """The family whose tokens the client may fetch now."""
        session = self._session(visit, agreed)
        family = self._family(visit, client, session, agreed)
        await self._sessions.add(tx, session)
        entered = SessionClient(session.id, client.id, family.sid, family.subject, family.created_at)
        await self._sessions.join(tx, entered)
        await self._clients.remember_subject(
            tx, subject=family.subject, sector=client.subject_sector, account_id=visit.account.id
        )
        await self._remember(tx, visit, client, agreed)
        await self._tokens.add(tx, family)
        actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        detail = {"client": client.id, "scopes": " ".join(agreed.scopes), "session": session.id, "kind": session.kind}
        tx.audit(AuditEvent("portal.enter", "done", actor, visit.account.id, detail=detail))
        return family

    def _session(self, visit: Visit, agreed: Agreed) -> Session:
        now, session_id = self._clock.now(), new_id(self._clock, "ses")
        return Session(
            id=session_id,
            cookie_digest=f"none:{session_id}",  # no digest of a cookie's value looks like this
            account_id=visit.account.id,
            authenticated_at=visit.session.authenticated_at,
            seen_at=now,
            expires_at=agreed.fetch_by,
            kind=_KINDS[agreed.origin],
            acr=visit.session.acr,
            amr=visit.session.amr,
        )

    def _family(self, visit: Visit, client: Client, session: Session, agreed: Agreed) -> TokenFamily:
        return TokenFamily(
            id=new_id(self._clock, "fam"),
            code_digest=None,
            session_id=session.id,
            account_id=visit.account.id,
            client_id=client.id,
            subject=self._names.of(client, visit.account.id),
            sid=self._names.sid(session.id, client.id),
            scopes=agreed.scopes,
            userinfo_claims=(),
            auth_time=session.authenticated_at,
            offline=OFFLINE_ACCESS in agreed.scopes,
            created_at=self._clock.now(),
            expires_at=agreed.fetch_by,
            origin=agreed.origin,
            acr=session.acr,
            amr=session.amr,
            resources=agreed.resources,
            authorization_details=agreed.authorization_details,
        )

    async def _remember(self, tx: WriteTx, visit: Visit, client: Client, agreed: Agreed) -> None:
        """So that the person sees the consent in their list, and can withdraw it with all tokens."""
        account_id = visit.account.id
        earlier = await self._consents.get(tx, account_id=account_id, client_id=client.id)
        now = self._clock.now()
        terms = extended(earlier, account_id, client.id, agreed=agreed.scopes, declined=agreed.declined, at=now)
        await self._consents.remember(tx, terms)
        detail: Detail = {
            "client": client.id,
            "scopes": " ".join(agreed.scopes),
            "left_out": " ".join(agreed.declined),
            "details": " ".join(str(one["type"]) for one in agreed.authorization_details),
        }
        actor = Principal(PrincipalKind.PERSON, account_id, session=visit.session.id)
        tx.audit(AuditEvent("portal-consent.grant", "done", actor, account_id, detail=detail))
