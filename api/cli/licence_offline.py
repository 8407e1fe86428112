"""The work of `yizheng licence verify-offline`: no network, no instance, no database."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass

from api.cli.tables import Row, lines_of
from certstore.presentation.offline import OfflineFace, OfflineState, OfflineVerdict, judge_face
from certstore.presentation.signed import PublishedKeysJudge
from certstore.status_list import StatusValue, decode, value_at
from certstore.uploads.qr_reader import ProcessQrReader
from core.clock import SHANGHAI, Clock, SystemClock
from core.errors import InvalidInput
from core.text import Text
from keys.errors import TokenRejected
from keys.jose.declarations import STATUS_LIST, verify_declaration
from keys.jose.jwk_set import JwkSet, read_jwk_set

NOT_ASKED, NOT_KNOWN = "not asked", "not known"


@dataclass(frozen=True, slots=True)
class OfflineAnswer:
    """The verdict, and what a status list says of the licence, if one was at hand."""

    verdict: OfflineVerdict
    state: str

    @property
    def good(self) -> bool:
        return self.verdict.state is OfflineState.GOOD and self.state in (NOT_ASKED, StatusValue.VALID.name.lower())

    def lines(self, *, as_json: bool) -> list[str]:
        return lines_of([self._row()], as_json=as_json)

    def _row(self) -> Row:
        face = self.verdict.face
        return {
            "answer": self.verdict.state.value,
            "state": self.state,
            "name": face.name if face else None,
            "licence": face.type_name.zh if face else None,
            "issuer": face.issuer_name.zh if face else None,
            "until": (face.valid_until.isoformat() if face.valid_until else "长期") if face else None,
            "made": f"{face.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if face else None,
        }


def judge_offline(
    text: str | None,
    picture: bytes | None,
    *,
    keys: bytes,
    issuer: str,
    status_list: str | None = None,
    clock: Clock | None = None,
) -> OfflineAnswer:
    """
    Args:
        text: what the scanner read; None reads `picture`.
        keys: a JWK Set (RFC 7517 §5).
        status_list: a Token Status List, signed with one of the keys.

    Raises:
        InvalidInput: `no-code`, `status-list-invalid`.
        keys.errors.KeyRefused: `keys` is no JWK Set.
    """
    clock, known = clock or SystemClock(), read_jwk_set(keys)
    if text is None:
        text = _read_off(picture or b"")
    verdict = judge_face(text, PublishedKeysJudge(lambda: known, issuer, clock), clock)
    listed = NOT_ASKED
    if status_list is not None and verdict.face is not None:
        listed = _state_in(status_list.strip(), verdict.face, known, clock)
    return OfflineAnswer(verdict, listed)


def _read_off(picture: bytes) -> str:
    texts = asyncio.run(ProcessQrReader().read(picture))
    if not texts:
        raise InvalidInput("no-code", Text("图片里没读到二维码。", "No QR code was read off the picture."))
    return texts[0]


def _state_in(token: str, face: OfflineFace, keys: JwkSet, clock: Clock) -> str:
    try:
        claims = verify_declaration(token, keys, STATUS_LIST, clock=clock)
        packed, bits = decode(claims["status_list"])
        fresh = clock.now() < dt.datetime.fromtimestamp(claims["exp"], dt.UTC)
    except (TokenRejected, ValueError, KeyError, TypeError, OverflowError):
        raise InvalidInput(
            "status-list-invalid",
            Text(
                "状态列表不是用这些公钥签的，或已损坏。", "The status list is not signed with these keys, or damaged."
            ),
        ) from None
    if claims["sub"] != face.status.uri or not fresh:  # Token Status List §8.3: another list, or one that is too old
        return NOT_KNOWN
    try:
        return StatusValue(value_at(packed, face.status.index, bits=bits)).name.lower()
    except ValueError:
        return NOT_KNOWN
