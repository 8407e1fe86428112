"""Log-out in both directions: a provider ends our sessions, and ours leads to the provider's log-out.

OpenID Connect Back-Channel Logout 1.0 §2.6–§2.8, Front-Channel Logout 1.0 §3, RP-Initiated Logout 1.0 §2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.kv.port import KeyValueStore
from core.principal import ANONYMOUS
from core.text import Text
from idp.errors import InvalidRequest
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery
from idp.protocol.params import Parameters
from idp.settings import IdpSettings
from idp.token_uses import UPSTREAM_LOGOUT
from idp.upstream.begin import id_token_context
from idp.upstream.documents import Documents
from idp.upstream.errors import UpstreamUnavailable
from idp.upstream.id_token import ProviderTokens
from idp.upstream.model import Provider
from idp.upstream.names import UpstreamNames
from idp.upstream.ports import UpstreamSessionStore
from idp.upstream.registry import ProviderRegistry
from keys.errors import TokenRejected
from keys.jose.foreign_tokens import LEEWAY_SECONDS
from keys.ports import FieldCipher, TokenDigests


class ReceiveLogout:
    """The use case behind the back-channel and front-channel addresses of a provider."""

    def __init__(
        self,
        database: Database,
        registry: ProviderRegistry,
        tokens: ProviderTokens,
        names: UpstreamNames,
        begun: UpstreamSessionStore,
        end: EndSession,
        deliver: DeliverLogouts,
        kv: KeyValueStore,
        digests: TokenDigests,
        clock: Clock,
    ) -> None:
        self._database = database
        self._registry = registry
        self._tokens = tokens
        self._names = names
        self._begun = begun
        self._end = end
        self._deliver = deliver
        self._kv = kv
        self._digests = digests
        self._clock = clock

    async def back_channel(self, provider_id: str, parameters: Parameters) -> int:
        """End the sessions that a logout token names; answers how many there were. None is success (§2.7).

        Raises:
            NotFound: `upstream-not-found`.
            InvalidRequest: not a logout token for us, or one that came before.
            UpstreamUnavailable: its keys are not to be had.
        """
        provider = await self._registry.active(provider_id)
        try:
            token = await self._tokens.logout_token(provider, parameters.required("logout_token"))
        except TokenRejected as rejected:
            await self._refused(provider, str(rejected))
            raise InvalidRequest("the logout token is not accepted", private=str(rejected)) from None
        mark = f"idp:upstream-jti:{self._digests.digest(UPSTREAM_LOGOUT, f'{provider.id} {token.token_id}')}"
        lifetime = token.expires_at - self._clock.now().timestamp() + 2 * LEEWAY_SECONDS
        if not await self._kv.put_if_absent(mark, b"1", lifetime):  # §2.6 step 8
            await self._refused(provider, "jti came before")
            raise InvalidRequest("the logout token came before")
        try:
            return await self._end_sessions(provider, token.subject, token.sid)
        except BaseException:  # whatever it is: nothing has ended, so the provider may send the token again
            await self._kv.delete(mark)
            raise

    async def front_channel(self, provider_id: str, parameters: Parameters) -> Provider:
        """The provider's page has framed us: end the session that `sid` names (Front-Channel Logout §3).

        Our cookies do not travel into somebody else's frame, so `iss` and `sid` are demanded: nobody but the provider
        and this browser ever saw the `sid`.

        Raises:
            NotFound: `upstream-not-found`.
            InvalidRequest: `iss` or `sid` is missing, or `iss` is another's.
        """
        provider = await self._registry.active(provider_id)
        if parameters.required("iss") != provider.issuer:
            raise InvalidRequest("iss is another provider's")
        await self._end_sessions(provider, None, parameters.required("sid"))
        return provider

    async def _end_sessions(self, provider: Provider, subject: str | None, sid: str | None) -> int:
        named = {
            "subject": None if subject is None else self._names.subject(provider.id, subject),
            "sid": None if sid is None else self._names.sid(provider.id, sid),
        }
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            sessions = await self._begun.live(tx, provider_id=provider.id, **named)
            for session in sessions:
                deliveries += await self._end(tx, session, reason="upstream-log-out")
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return len(sessions)

    async def _refused(self, provider: Provider, why: str) -> None:
        detail = {"provider": provider.id, "reason": "logout-token-refused", "why": why[:120]}
        await self._database.record(AuditEvent("session.end", "refused", ANONYMOUS, detail=detail))


@dataclass(frozen=True, slots=True)
class Goodbye:
    """How to log out at the provider as well: a form that is posted there, so that nothing of it stands in an address.

    Attributes:
        endpoint: the provider's end-session endpoint.
        fields: what the form holds.
    """

    name: Text
    endpoint: str = field(repr=False)
    fields: Sequence[tuple[str, str]] = field(repr=False)


class SayGoodbye:
    """Leads from our log-out to the provider's."""

    def __init__(
        self,
        database: Database,
        registry: ProviderRegistry,
        documents: Documents,
        begun: UpstreamSessionStore,
        fields: FieldCipher,
        settings: IdpSettings,
    ) -> None:
        self._database = database
        self._registry = registry
        self._documents = documents
        self._begun = begun
        self._fields = fields
        self._settings = settings

    async def offered(self, session_id: str) -> Text | None:
        """Name of the provider at which the person may be logged in still; None where there is nothing to do."""
        return found.name if (found := await self._find(session_id)) is not None else None

    async def goodbye(self, session_id: str) -> Goodbye | None:
        """The form; None where the provider has no such endpoint or does not answer."""
        return await self._find(session_id, with_token=True)

    async def _find(self, session_id: str, *, with_token: bool = False) -> Goodbye | None:
        offered = {one.id: one for one in await self._registry.offered()}
        async with self._database.read() as tx:
            begun = await self._begun.of_session(tx, session_id)
        for one in begun:
            provider = offered.get(one.provider_id)
            if provider is None:
                continue
            try:
                endpoint = (await self._documents.metadata(provider)).end_session_endpoint
            except UpstreamUnavailable:
                continue
            if endpoint is None:
                continue
            fields = [
                ("client_id", provider.client_id),
                ("post_logout_redirect_uri", goodbye_uri(self._settings.issuer, provider.id)),
            ]
            if with_token:
                context = id_token_context(one.session_id, one.provider_id)
                fields.append(("id_token_hint", self._fields.decrypt(one.id_token_sealed, context=context)))
            return Goodbye(provider.name, endpoint, tuple(fields))
        return None


def goodbye_uri(issuer: str, provider_id: str) -> str:
    """Where a provider sends people back to after its log-out."""
    return f"{issuer}/upstream/{provider_id}/logged-out"
