"""The token exchange grant (RFC 8693): a token handed on, narrower, to somebody else, with a note of who acts.

1 the subject's token, 2 may this client hand it on, 3 the actor, 4 for whom, 5 which rights, 6 written down. What is
issued is an access token without a refresh token, ends no later than the tokens that it was made from, and hangs on the
subject's token family: log-out, withdrawal and everything else that ends the family end it at once.
"""

from __future__ import annotations

from core.audit.event import AuditEvent, Detail, Outcome
from core.db.database import Database
from core.principal import Principal, PrincipalKind
from idp.errors import InvalidRequest, OAuthError
from idp.exchange import policy
from idp.exchange.parties import ACCESS_TOKEN, Actor, Parties, Subject
from idp.exchange.targets import Aim, Targets
from idp.grants.base import Exchanged, TokenRequest
from idp.model import Client, GrantType
from idp.ports import ClientStore
from idp.tokens.access import AccessGrant
from idp.tokens.pairwise import PairwiseNames


class TokenExchangeGrant:
    """Implements `idp.grants.base.Grant`."""

    def __init__(
        self, database: Database, parties: Parties, targets: Targets, clients: ClientStore, names: PairwiseNames
    ) -> None:
        self._database = database
        self._parties = parties
        self._targets = targets
        self._clients = clients
        self._names = names

    @property
    def grant_type(self) -> GrantType:
        return GrantType.TOKEN_EXCHANGE

    async def decide(self, request: TokenRequest) -> Exchanged:
        parameters, client = request.parameters, request.client
        if parameters.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequest("only access tokens are issued")  # RFC 8693 §2.2.2
        if "authorization_details" in parameters:
            raise InvalidRequest("authorization details are not passed on")
        subject = await self._parties.subject(parameters, client)
        actor = await self._parties.actor(parameters, client)
        try:
            aim, grant = await self._judged(request, subject, actor)
        except OAuthError as error:
            await self._database.record(_event("refused", client, subject, actor, {"reason": error.error}))
            raise
        await self._note(client, subject, actor, aim, grant)
        return Exchanged(subject.standing, grant, ACCESS_TOKEN)

    async def _judged(self, request: TokenRequest, subject: Subject, actor: Actor | None) -> tuple[Aim, AccessGrant]:
        client, parameters = request.client, request.parameters
        policy.check_presenter(subject, client, await self._targets.served_by(client))
        policy.check_key(subject.client_id, subject.confirmation, client, request.confirmation)
        if actor is not None:
            policy.check_key(actor.client_id, actor.confirmation, client, request.confirmation)
        acting = policy.acting(subject, actor, client)
        aim = await self._targets.aim(policy.targets(parameters, subject, client))
        family = subject.standing.family
        grant = AccessGrant(
            client,
            policy.rights(parameters.get("scope"), subject, client, aim.there),
            family,
            aim.audiences,
            request.confirmation,
            actor=acting,
            access_token_format=aim.access_token_format,
            subject=None if aim.named_for is None else self._names.of(aim.named_for, family.account_id),
            not_after=subject.ends_at if actor is None else min(subject.ends_at, actor.ends_at),
            exchanged=True,
        )
        return aim, grant

    async def _note(self, client: Client, subject: Subject, actor: Actor | None, aim: Aim, grant: AccessGrant) -> None:
        """Durable before the token is: who acted for whom, and towards whom."""
        account_id = subject.standing.family.account_id
        detail: Detail = {"audience": " ".join(aim.audiences), "scopes": " ".join(grant.scopes)}
        async with self._database.write() as tx:
            if aim.named_for is not None and grant.subject is not None:
                await self._clients.remember_subject(
                    tx, subject=grant.subject, sector=aim.named_for.subject_sector, account_id=account_id
                )
            tx.audit(_event("done", client, subject, actor, detail))
            await tx.commit()


def _event(outcome: Outcome, client: Client, subject: Subject, actor: Actor | None, more: Detail) -> AuditEvent:
    """Both parties are in it; without an actor the client acts in the person's own name (impersonation)."""
    family = subject.standing.family
    acting = None if actor is None else actor.account_id or actor.client_id
    detail: Detail = {"issued_to": subject.client_id, "actor": acting or "none", **more}
    who = Principal(PrincipalKind.CLIENT, client.id, organisation=client.organisation, session=family.session_id)
    return AuditEvent("token.exchange", outcome, who, family.account_id, detail=detail)
