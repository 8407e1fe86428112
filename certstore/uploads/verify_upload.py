"""Verifies whatever is brought: the seals of a file, else the QR codes that it shows, each traced to the live state.

1 a sealed file of ours is judged by its seals alone: a QR code in it says nothing more · 2 in all else the QR codes
are read · 3 each is looked up for what it is · 4 and nothing of it proves the paper: that is said in so many words.
"""

from __future__ import annotations

import datetime as dt
import re

from certstore.presentation.codes import is_presentation_qr
from certstore.presentation.offline import OfflineState, judge_face
from certstore.presentation.ports import FaceJudge
from certstore.uploads.model import CodeAnswer, CodeKind, UploadVerdict
from certstore.uploads.ports import QrReader
from certstore.verify import VerifyLicence
from certstore.verify_file import VerifyLicenceFile
from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.principal import Principal

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM")
_MOST_CODES = 4  # that are looked up


class VerifyUpload:
    """The use case; anybody may ask. Answers for every input and never keeps the file."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        verify: VerifyLicence,
        verify_file: VerifyLicenceFile,
        reader: QrReader,
        judge: FaceJudge,
        *,
        issuer: str,
    ) -> None:
        """
        Args:
            issuer: our own address: only codes that lead to it are ours.
        """
        self._database = database
        self._clock = clock
        self._verify = verify
        self._verify_file = verify_file
        self._reader = reader
        self._judge = judge
        self._issuer = issuer

    async def __call__(self, content: bytes, actor: Principal) -> UploadVerdict:
        """Judge a file that somebody brings."""
        file = await self._verify_file(content, actor)
        picture = is_picture(content)
        if file.licence is not None or file.judgement.conclusion == "genuine":  # 1
            return UploadVerdict(file)
        if not picture and file.judgement.conclusion in ("not-a-pdf", "not-an-ofd", "empty"):
            return UploadVerdict(file)
        texts = await self._reader.read(content)  # 2
        codes = tuple([await self.text(text, actor) for text in texts[:_MOST_CODES]])  # 3
        return UploadVerdict(file, codes, picture)

    async def text(self, text: str, actor: Principal, on: dt.date | None = None) -> CodeAnswer:
        """What the text of a QR code is, looked up; `on` is a day to answer for, besides today."""
        code = face_code_in(text, self._issuer)
        if code is not None:
            return CodeAnswer(CodeKind.LICENCE, licence=await self._verify.by_code(code, actor, on))
        if is_presentation_qr(text):
            return CodeAnswer(CodeKind.ONE_TIME)
        verdict = judge_face(text, self._judge, self._clock)
        if verdict.state is OfflineState.NOT_A_FACE:
            return CodeAnswer(CodeKind.FOREIGN)
        detail = {"by": "signed-face", "state": verdict.state.value}
        await self._database.record(AuditEvent("licence.verify", "done", actor, detail=detail))
        return CodeAnswer(CodeKind.SIGNED_FACE, face=verdict)


def face_code_in(text: str, issuer: str) -> str | None:
    """The code in the address that stands on a face; None for any other text.

    >>> face_code_in("https://id.example/verify?code=abc", "https://id.example")
    'abc'
    >>> face_code_in("https://id.example.evil.example/v/abc", "https://id.example") is None
    True
    """
    for form in (f"{issuer}/verify?code=", f"{issuer}/v/"):
        if text.startswith(form):
            return re.split(r"[?&#/]", text.removeprefix(form), maxsplit=1)[0]
    return None


def is_picture(content: bytes) -> bool:
    """By its first bytes; what it really is, only the reader finds out."""
    return content.startswith(_PICTURES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
