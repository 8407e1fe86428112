"""A witness by HTTP (C2SP tlog-witness): it checks that the log only grew, keeps its state, and signs."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from core.clock import Clock
from core.egress.errors import AddressRefused, FetchFailed
from core.egress.port import Fetched, Fetcher
from core.transparency.checkpoint_note import NoteRefused, NoteSignature, SignedHead, read_signatures, signature_line
from core.transparency.ports import NoteVerifier, Witness, WitnessFault


class HttpWitness:
    """
    Args:
        address: where it takes checkpoints, without `/add-checkpoint`.
        key: its own, pinned; what it answers counts only if this key signed it.
    """

    def __init__(self, address: str, fetcher: Fetcher, key: NoteVerifier, clock: Clock) -> None:
        self.name = address[:200]
        self._address = address
        self._fetcher = fetcher
        self._key = key
        self._clock = clock

    async def keep(self, checkpoint: SignedHead, *, after: int, proof: Sequence[bytes]) -> str:
        lines = [f"old {after}", *(base64.b64encode(one).decode() for one in proof), "", checkpoint.note]
        try:
            answer = await self._fetcher.fetch(
                f"{self._address}/add-checkpoint",
                method="POST",
                body="\n".join(lines).encode(),
                headers={"Content-Type": "text/plain; charset=utf-8"},
            )
        except (AddressRefused, FetchFailed):
            raise WitnessFault("unreachable") from None
        if answer.status == 409:
            raise self._elsewhere(checkpoint, after, answer)
        if answer.status == 422:  # the proof does not lead from what it keeps to this
            raise WitnessFault("forked")
        if answer.status != 200:
            raise WitnessFault("refused" if 400 <= answer.status < 500 else "unreachable")
        return self._signed(checkpoint, answer)

    def _elsewhere(self, checkpoint: SignedHead, after: int, answer: Fetched) -> WitnessFault:
        """It keeps another size than we believed: our record is of before a restore, or there are two logs."""
        text = answer.body.strip()
        size = int(text) if text.isdigit() and len(text) < 19 else after
        return WitnessFault("forked" if size in (after, checkpoint.head.size) else "elsewhere", size)

    def _signed(self, checkpoint: SignedHead, answer: Fetched) -> str:
        try:
            signatures = read_signatures(answer.body.decode("utf-8"))
        except (UnicodeDecodeError, NoteRefused):
            raise WitnessFault("refused") from None
        for one in signatures:
            if self._counts(checkpoint, one):
                return signature_line(one)
        raise WitnessFault("refused")

    def _counts(self, checkpoint: SignedHead, signature: NoteSignature) -> bool:
        key = self._key
        named = (signature.name, signature.key_id) == (key.name, key.key_id)
        return named and key.verify(checkpoint.text, signature.value, at=self._clock.now())


_: type[Witness] = HttpWitness
