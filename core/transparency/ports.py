"""What the tree over the audit log needs from others: a signer, keys that count, and who keeps it elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.transparency.checkpoint_note import SignedHead


class NoteVerifier(Protocol):
    """A public key that may sign checkpoints."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verify(self, text: str, signature: bytes, *, at: dt.datetime) -> bool: ...

    def line(self) -> str:
        """The key as one line of text, for those who pin it."""


class NoteSigner(Protocol):
    """Signs in the log's name."""

    async def sign(self, name: str, text: str) -> tuple[bytes, bytes]:
        """Key id (four octets) and signature.

        Raises:
            core.errors.Unavailable: the key does not answer.
        """

    def keys(self, name: str) -> Sequence[NoteVerifier]:
        """Those whose signatures count, today's first."""


FORKED = "forked"
"""The code of a witness that keeps another log than ours."""


class WitnessFault(Exception):
    """A witness did not keep a checkpoint.

    Args:
        code: `unreachable`, `refused`; `forked`: it keeps another log; `elsewhere`: it is at another size than we said.
        size: where it is, with `elsewhere`.
    """

    def __init__(self, code: str, size: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.size = size


class Witness(Protocol):
    """A place outside the database that keeps checkpoints: who changes the log cannot change them too."""

    @property
    def name(self) -> str:
        """What people call it: a folder or an address; at most 200 characters."""

    async def keep(self, checkpoint: SignedHead, *, after: int, proof: Sequence[bytes]) -> str:
        """Keep it for good.

        Args:
            after: size of the newest checkpoint that it took before; 0 for none.
            proof: that the log of that size is the beginning of this one.

        Returns:
            What it signed itself: signature lines, or nothing.

        Raises:
            WitnessFault
        """
