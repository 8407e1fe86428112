"""Signs notes with Ed25519 and verifies those of others (C2SP signed-note; cosignatures by tlog-cosignature).

A verifier pins a key as one line of text, `name+id+key`, as it is usual for transparency logs.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from keys.errors import KeyMissing, KeyRefused, KeyStateConflict, SignatureRefused
from keys.keyring import KeyRing
from keys.ports import Signer
from keys.spec import SignatureAlgorithm, Use
from keys.verification import check_signature, load_verification_key

AUDIT_PURPOSE = "statement.audit"
SIGNATURE_LOG_PURPOSE = "statement.signatures"
_ED25519, _COSIGNATURE = b"\x01", b"\x04"
_SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410 §4: before the 32 octets of the key
_KEY_OCTETS, _TIME_OCTETS = 32, 8


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that may sign notes, as somebody pinned it.

    Attributes:
        cosigns: it states with its signature when it saw the checkpoint (tlog-cosignature).
    """

    name: str
    key_id: bytes
    public_key: bytes
    cosigns: bool = False

    @classmethod
    def of(cls, name: str, spki: bytes, *, cosigns: bool = False) -> NoteKey:
        raw, kind = spki[len(_SPKI) :], _COSIGNATURE if cosigns else _ED25519
        return cls(name, hashlib.sha256(name.encode() + b"\n" + kind + raw).digest()[:4], spki, cosigns)

    def line(self) -> str:
        """The key as one line: name, id and type with key."""
        kind = _COSIGNATURE if self.cosigns else _ED25519
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(kind + self.public_key[len(_SPKI) :]).decode()}"

    def verify(self, text: str, signature: bytes, *, at: dt.datetime) -> bool:
        """Whether it signed the note's text.

        Args:
            signature: what stands behind the key id.
            at: now, in UTC: the time by which the algorithm must count.
        """
        message = text.encode()
        if self.cosigns:
            seconds, signature = int.from_bytes(signature[:_TIME_OCTETS]), signature[_TIME_OCTETS:]
            message = b"cosignature/v1\ntime %d\n" % seconds + message
        try:
            check_signature(self.public_key, SignatureAlgorithm.EDDSA, signature, message, use=Use.STATEMENT, at=at)
        except SignatureRefused:
            return False
        return True


def read_note_key(line: str) -> NoteKey:
    """
    Raises:
        KeyRefused: it is not in this form, or no Ed25519 key.
    """
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        value = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise KeyRefused("no base64") from None
    if not name or value[:1] not in (_ED25519, _COSIGNATURE) or len(value) != 1 + _KEY_OCTETS:
        raise KeyRefused("no key of a note")
    spki = _SPKI + value[1:]
    load_verification_key(spki, SignatureAlgorithm.EDDSA)
    found = NoteKey.of(name, spki, cosigns=value[:1] == _COSIGNATURE)
    if found.key_id.hex() != key_id:
        raise KeyRefused("the id is another key's")
    return found


class NoteKeys:
    """Our own: signs in the log's name. The key is made when it is first needed, by whichever worker is first."""

    def __init__(self, ring: KeyRing, purpose: str = AUDIT_PURPOSE) -> None:
        self._ring = ring
        self._purpose = purpose

    async def sign(self, name: str, text: str) -> tuple[bytes, bytes]:
        """Key id and signature.

        Raises:
            core.errors.Unavailable: the key does not answer.
        """
        signer = await self._signer()
        message = text.encode()
        signed = await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)
        return NoteKey.of(name, signer.public_key).key_id, signed

    def keys(self, name: str) -> Sequence[NoteKey]:
        """Those whose signatures count, today's first; empty before the first was made."""
        return [NoteKey.of(name, one.public_key) for one in self._ring.verification_keys(self._purpose)]

    async def _signer(self) -> Signer:
        try:
            return self._ring.signer(self._purpose)
        except KeyMissing:
            return await self._make()

    async def _make(self) -> Signer:
        try:
            return await self._ring.create(self._purpose, SignatureAlgorithm.EDDSA)
        except KeyRefused:  # the device makes none of this kind: C2SP notes are Ed25519
            return await self._ring.create(self._purpose, SignatureAlgorithm.EDDSA, backend="software")
        except KeyStateConflict:  # another worker was faster
            await self._ring.refresh()
            return self._ring.signer(self._purpose)
