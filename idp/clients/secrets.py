"""Client secrets: made by us, long and random, kept as keyed digests (OIDC Core §10.1, RFC 6749 §2.3.1).

Where the client signs with its secret (`client_secret_jwt`) the secret itself is needed, and is kept sealed beside the
digest. Two secrets may count at a time, so that a portal can change over without a pause.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from core.ids import new_secret
from idp.model import Client, ClientAuthMethod
from idp.token_uses import CLIENT_SECRET
from keys.ports import FieldCipher, TokenDigests

SHORTEST = 32
"""Characters that a secret made elsewhere must have at least."""

_SIZE, _SIZE_TO_SIGN = 32, 48  # octets; 48 are 64 characters, enough for HS512 (RFC 7518 §3.2)
WITH_SECRET = frozenset({ClientAuthMethod.BASIC, ClientAuthMethod.POST, ClientAuthMethod.SECRET_JWT})


@dataclass(frozen=True, slots=True)
class MadeSecret:
    """A new secret, and how it is kept."""

    value: str = field(repr=False)
    digest: str = field(repr=False)
    sealed: bytes | None = field(repr=False)


class ClientSecrets:
    """Makes secrets and opens those that are sealed."""

    def __init__(self, digests: TokenDigests, fields: FieldCipher) -> None:
        self._digests = digests
        self._fields = fields

    def make(self, client_id: str, method: ClientAuthMethod, *, chosen: str | None = None) -> MadeSecret | None:
        """A secret for a client with this method of authentication; None where the method takes none."""
        if method not in WITH_SECRET:
            return None
        signs = method is ClientAuthMethod.SECRET_JWT
        value = chosen or new_secret(_SIZE_TO_SIGN if signs else _SIZE)
        sealed = self._fields.encrypt(value, context=secret_context(client_id)) if signs else None
        return MadeSecret(value, self._digests.digest(CLIENT_SECRET, value), sealed)

    def opened(self, client: Client, now: dt.datetime) -> tuple[str, ...]:
        """The secrets that the client may sign with now, the newest first; empty where none is kept."""
        kept = [client.secret_sealed]
        if client.earlier_secret_ends_at is not None and client.earlier_secret_ends_at > now:
            kept.append(client.earlier_secret_sealed)
        context = secret_context(client.id)
        return tuple(self._fields.decrypt(sealed, context=context) for sealed in kept if sealed is not None)


def secret_context(client_id: str) -> str:
    """The place that a sealed secret is bound to; the same for the newest and the earlier one, which it becomes."""
    return f"client.secret:{client_id}"
