"""The population register as the source of identities."""

from __future__ import annotations

from core.errors import NotPermitted
from core.identifiers.documents import Document
from idp.persons.ports import Finding, IdentitySource, SourceUnavailable, Verdict
from idp.proofing.check import AskRegister
from idp.proofing.ports import Match, SourceAway

_ELSEWHERE = ("81", "82", "83", "9")
"""Numbers of residents from Hong Kong, Macao, Taiwan and abroad, whom another register keeps."""


class AskedRegister:
    """Implements `IdentitySource`. Whom the register reports dead is passed on to whom it concerns."""

    def __init__(self, ask: AskRegister) -> None:
        self._ask = ask

    async def check(self, document: Document, name: str) -> Finding:
        if document.citizen_id is None or not self._ask.connected:
            return Finding(Verdict.UNKNOWN)
        try:
            answer = await self._ask(document.number, name)
        except SourceAway:
            raise SourceUnavailable from None
        except NotPermitted:
            return Finding(Verdict.DEAD)
        if answer.match is Match.AGREED:
            return Finding(Verdict.AGREES, answer.reference)
        if answer.match is Match.UNKNOWN and document.number.startswith(_ELSEWHERE):
            return Finding(Verdict.UNKNOWN)
        return Finding(Verdict.DIFFERS)


_: type[IdentitySource] = AskedRegister
