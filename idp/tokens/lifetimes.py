"""How long refresh tokens last, and which of them change at every use (RFC 6749 §10.4; RFC 9700 §2.2.2, §4.14.2).

Three classes of clients, by what a thief would need beside the token:

- `key`: the client proves a private key that never travels. A stolen token is useless, so it need not change, and a
  lost answer costs nothing (FAPI 2.0 Security Profile §5.3.2.1: no rotation).
- `secret`: the client sends a secret with each request.
- `nothing`: a public client without a key; the token alone is enough.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from idp.model import Client, ClientAuthMethod, TokenFamily
from idp.settings import IdpSettings

_PROVE_A_KEY = frozenset({ClientAuthMethod.PRIVATE_KEY_JWT, ClientAuthMethod.TLS, ClientAuthMethod.SELF_SIGNED_TLS})


class Holder(StrEnum):
    """What the holder of a refresh token must show beside it."""

    KEY = "key"
    SECRET = "secret"  # noqa: S105 - the name of a class
    NOTHING = "nothing"


def holder_of(client: Client, family: TokenFamily) -> Holder:
    """The class that a family's refresh tokens are in now."""
    if client.auth_method in _PROVE_A_KEY:
        return Holder.KEY
    if client.auth_method is ClientAuthMethod.NONE:  # RFC 9449 §5, RFC 8705 §4: bound to the key itself
        return Holder.NOTHING if family.confirmation is None else Holder.KEY
    return Holder.SECRET


@dataclass(frozen=True, slots=True)
class Ends:
    """When a family ends: if it is not used before, and in any case."""

    idle: dt.datetime
    absolute: dt.datetime


class RefreshLifetimes:
    """Idle and absolute lifetimes of each class. Families without `offline_access` go with their session."""

    def __init__(self, settings: IdpSettings) -> None:
        self._session_idle = dt.timedelta(seconds=settings.session_idle)
        self._offline = {
            Holder.KEY: (settings.refresh_idle_key, settings.refresh_absolute_key),
            Holder.SECRET: (settings.refresh_idle_secret, settings.refresh_absolute_secret),
            Holder.NOTHING: (settings.refresh_idle_public, settings.refresh_absolute_public),
        }

    def absolute_of(self, client: Client) -> dt.timedelta:
        """The longest that anything the client is given with `offline_access` can last; for the consent page."""
        if client.auth_method in _PROVE_A_KEY:
            return dt.timedelta(seconds=self._offline[Holder.KEY][1])
        holder = Holder.NOTHING if client.auth_method is ClientAuthMethod.NONE else Holder.SECRET
        return dt.timedelta(seconds=self._offline[holder][1])

    def first(self, client: Client, family: TokenFamily, *, session_ends: dt.datetime, now: dt.datetime) -> Ends:
        """When tokens are handed out for the first time."""
        if not family.offline:
            return Ends(min(now + self._session_idle, session_ends), session_ends)
        idle, absolute = self._offline[holder_of(client, family)]
        ends = now + dt.timedelta(seconds=absolute)
        return Ends(min(now + dt.timedelta(seconds=idle), ends), ends)

    def after_use(self, client: Client, family: TokenFamily, now: dt.datetime) -> dt.datetime:
        """The idle end after a use at `now`; never later than the absolute end."""
        if family.ends_at is None:  # begun by an earlier release, which knew one end only
            return family.expires_at
        idle = self._session_idle
        if family.offline:
            idle = dt.timedelta(seconds=self._offline[holder_of(client, family)][0])
        return min(now + idle, family.ends_at)
