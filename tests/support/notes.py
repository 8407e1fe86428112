"""Keys of checkpoints for tests: real Ed25519, without a key ring."""

from __future__ import annotations

from collections.abc import Sequence

from core.transparency.ports import NoteSigner
from keys.backends.software import SoftwareBackend
from keys.notes import NoteKey
from keys.spec import SignatureAlgorithm


class OneNoteKey:
    """Implements `core.transparency.ports.NoteSigner` with one key."""

    def __init__(self) -> None:
        backend, algorithm = SoftwareBackend(), SignatureAlgorithm.EDDSA
        made = backend.generate(algorithm, bits=256, label="test")
        self.signer = backend.open(made.uri, algorithm, made.public_key, made.private)

    async def sign(self, name: str, text: str) -> tuple[bytes, bytes]:
        return self.key(name).key_id, self.signer.sign(text.encode())

    def keys(self, name: str) -> Sequence[NoteKey]:
        return [self.key(name)]

    def key(self, name: str, *, cosigns: bool = False) -> NoteKey:
        return NoteKey.of(name, self.signer.public_key, cosigns=cosigns)


_: type[NoteSigner] = OneNoteKey
