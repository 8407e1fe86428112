"""Hint tokens: what a person shows at a counter, so that its client can ask them without knowing who they are.

The token stands for the person once, for some minutes; it names nobody, and whoever finds it later finds nothing
(CIBA Core §7.1 `login_hint_token`, whose form the provider chooses).
"""

from __future__ import annotations

import re

import msgspec

from core.clock import Clock
from core.ids import new_secret
from core.kv.port import KeyValueStore
from idp.errors import ExpiredLoginHint, UnknownUserId
from idp.settings import IdpSettings
from idp.token_uses import LOGIN_HINT
from keys.ports import TokenDigests

PREFIX = "hint_"
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{32}}", re.ASCII)
_KEPT_AFTER = 3600  # so long an expired token can be told from an unknown one


class HintTokens:
    """Makes them for people, and spends them for clients."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, clock: Clock, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._clock = clock
        self._settings = settings

    async def make(self, account_id: str) -> str:
        token, lifetime = PREFIX + new_secret(24), self._settings.hint_lifetime
        ends = self._clock.now().timestamp() + lifetime
        key = _key(self._digests.digest(LOGIN_HINT, token))
        await self._kv.put(key, msgspec.json.encode((account_id, ends)), lifetime + _KEPT_AFTER)
        return token

    async def spend(self, token: str) -> str:
        """The account, for one caller.

        Raises:
            ExpiredLoginHint, UnknownUserId: CIBA Core §13.
        """
        for digest in self._digests.digests(LOGIN_HINT, token):
            stored = await self._kv.take(_key(digest))
            if stored is not None:
                account_id, ends = msgspec.json.decode(stored, type=tuple[str, float])
                if ends <= self._clock.now().timestamp():
                    raise ExpiredLoginHint("the hint token has expired; the person can show a new one")
                return account_id
        raise UnknownUserId("the hint token is not known, or was used already")


def looks_like_hint_token(value: str) -> bool:
    return _FORM.fullmatch(value) is not None


def _key(digest: str) -> str:
    return f"idp:ciba-hint:{digest}"
