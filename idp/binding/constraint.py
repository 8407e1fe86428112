"""Which key a request proves to hold, and whether a bound token comes with its proof (RFC 9449 §5, §7; RFC 8705 §3)."""

from __future__ import annotations

from idp.errors import InvalidToken
from idp.model import Client, Confirmation
from idp.protocol.facts import RequestFacts


class SenderConstraint:
    """Judges proofs of possession. No client can be registered for one yet, so whatever is bound is refused."""

    async def confirm(self, client: Client, facts: RequestFacts) -> Confirmation | None:
        """The key that tokens issued on this request are bound to; None for bearer tokens."""
        del client, facts
        return None

    async def check(self, confirmation: Confirmation | None, token: str, facts: RequestFacts) -> None:
        """
        Raises:
            InvalidToken: the token is bound and the request does not prove its key (RFC 9449 §7.1, RFC 8705 §3).
        """
        del token, facts
        if confirmation is not None:
            raise InvalidToken("the access token is bound to a key that the request does not prove")


def token_type(confirmation: Confirmation | None) -> str:
    """`token_type` of a token response: a certificate's token is a Bearer token (RFC 8705 §3, RFC 9449 §5)."""
    return "DPoP" if confirmation is not None and confirmation.method == "jkt" else "Bearer"
