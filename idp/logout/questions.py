"""A portal's wish to log a person out that proved nothing: kept while the person is asked.

OpenID Connect RP-Initiated Logout 1.0 §2, §3: without a good hint the person decides, and an address is followed only
when the portal that is named registered it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from core.ids import new_secret
from core.kv.port import KeyValueStore
from core.text import Text
from idp.logout.farewell import Return
from idp.settings import IdpSettings
from idp.token_uses import LOGOUT_QUESTION
from keys.ports import TokenDigests


@dataclass(frozen=True, slots=True)
class LogoutQuestion:
    """What the page asks.

    Attributes:
        portal: who seems to ask; None when no registered portal was named.
        back: the registered address that a person may go back to.
        ui_locales: languages that the portal thinks the person reads (§2).
    """

    portal: Text | None = None
    back: Return | None = None
    ui_locales: str = field(default="", repr=False)


class LogoutQuestions:
    """Keeps them under the digest of a random id."""

    def __init__(self, kv: KeyValueStore, digests: TokenDigests, settings: IdpSettings) -> None:
        self._kv = kv
        self._digests = digests
        self._settings = settings

    async def put(self, question: LogoutQuestion) -> str | None:
        """Its id; None for a question that says nothing."""
        if question == LogoutQuestion():
            return None
        question_id = new_secret(24)
        key = _key(self._digests.digest(LOGOUT_QUESTION, question_id))
        await self._kv.put(key, msgspec.json.encode(question), self._settings.interaction_lifetime)
        return question_id

    async def get(self, question_id: str) -> LogoutQuestion:
        """An empty one when it is unknown or expired."""
        for digest in self._digests.digests(LOGOUT_QUESTION, question_id):
            stored = await self._kv.get(_key(digest))
            if stored is not None:
                return msgspec.json.decode(stored, type=LogoutQuestion)
        return LogoutQuestion()


def _key(digest: str) -> str:
    return f"idp:logout-question:{digest}"
