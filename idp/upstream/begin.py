"""Sessions that begin on a provider's word: sealed while the log-in goes on, written down when the session opens.

OpenID Connect RP-Initiated Logout 1.0 §2, Back-Channel Logout 1.0 §2.6.
"""

from __future__ import annotations

from core.clock import Clock
from core.db.database import WriteTx
from idp.login.proofs import Vouched
from idp.model import Session
from idp.upstream.errors import AttemptGone
from idp.upstream.model import Assertion, UpstreamSession
from idp.upstream.ports import LinkStore, UpstreamSessionStore
from keys.ports import FieldCipher


class BeginSessions:
    """Implements `idp.login.ports.Vouching`."""

    def __init__(self, begun: UpstreamSessionStore, links: LinkStore, fields: FieldCipher, clock: Clock) -> None:
        self._begun = begun
        self._links = links
        self._fields = fields
        self._clock = clock

    def vouched(self, assertion: Assertion) -> Vouched:
        """What to carry from the provider's answer to the session."""
        sealed = self._fields.encrypt(assertion.id_token, context=_on_the_way(assertion.provider_id, assertion.subject))
        return Vouched(assertion.provider_id, assertion.subject, assertion.sid, sealed)

    async def begin(self, tx: WriteTx, session: Session, vouched: Vouched) -> None:
        """
        Raises:
            AttemptGone: the identity was unlinked from the account meanwhile.
        """
        provider_id, subject = vouched.provider_id, vouched.subject
        link = await self._links.by_subject(tx, provider_id=provider_id, subject=subject)
        if link is None or link.account_id != session.account_id:
            raise AttemptGone(private="unlinked meanwhile")
        id_token = self._fields.decrypt(vouched.id_token_sealed, context=_on_the_way(provider_id, subject))
        sealed = self._fields.encrypt(id_token, context=id_token_context(session.id, provider_id))
        await self._begun.put(
            tx, UpstreamSession(session.id, provider_id, subject, vouched.sid, sealed, self._clock.now())
        )


def id_token_context(session_id: str, provider_id: str) -> str:
    """The place that an ID token is bound to."""
    return f"upstream_session.id_token_sealed:{session_id}:{provider_id}"


def _on_the_way(provider_id: str, subject: str) -> str:
    return f"login-step.id_token:{provider_id}:{subject}"
