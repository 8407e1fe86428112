"""Checkpoints as signed notes (C2SP tlog-checkpoint and signed-note): three lines that a person can read and keep.

::

    yizheng.example.gov.cn/audit
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — yizheng.example.gov.cn/audit Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""  # noqa: E501 - a signature is one line

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from core.transparency.merkle import HASH_OCTETS

MOST_OCTETS = 100_000
_SIGNATURE = re.compile("\N{EM DASH} ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile("0|[1-9][0-9]{0,17}", re.ASCII)


class NoteRefused(ValueError):
    """It is no checkpoint in this form."""


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who is said to have signed, and four octets of key id with the signature behind them."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class TreeHead:
    """What a checkpoint says: the log's first `size` rows have this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint with its signatures; nothing is verified."""

    head: TreeHead
    signatures: tuple[NoteSignature, ...]
    text: str

    @property
    def note(self) -> str:
        return self.text + "\n" + "".join(f"{signature_line(one)}\n" for one in self.signatures)


def signature_line(signature: NoteSignature) -> str:
    value = base64.b64encode(signature.key_id + signature.value).decode()
    return f"\N{EM DASH} {signature.name} {value}"


def read_note(note: str) -> SignedHead:
    """
    Raises:
        NoteRefused: it is not in the form of a checkpoint, or says something behind its root.
    """
    if len(note) > MOST_OCTETS:
        raise NoteRefused("too long")
    text, found, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not found or len(lines) < 3 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteRefused("form")
    head = TreeHead(lines[0], int(lines[1]), _octets(lines[2]))
    if len(head.root) != HASH_OCTETS:
        raise NoteRefused("root")
    return SignedHead(head, tuple(read_signatures(signatures)), text + "\n")


def read_signatures(lines: str) -> list[NoteSignature]:
    """Signature lines, each ended by a line feed.

    Raises:
        NoteRefused: a line is none.
    """
    if not lines.endswith("\n"):
        raise NoteRefused("signatures")
    return [_signature(line) for line in lines[:-1].split("\n")]


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE.fullmatch(line)
    value = _octets(match[2]) if match else b""
    if match is None or len(value) < 5:
        raise NoteRefused("signature")
    return NoteSignature(match[1], value[:4], value[4:])


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteRefused("base64") from None
