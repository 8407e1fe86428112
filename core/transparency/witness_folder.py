"""A folder that keeps checkpoints: a share of another office, or a disk that is written once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from core.transparency.checkpoint_note import SignedHead
from core.transparency.ports import Witness, WitnessFault


class FolderWitness:
    """One file for each checkpoint, named by its size; what is there is never written again, nor gone behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)[:200]

    async def keep(self, checkpoint: SignedHead, *, after: int, proof: Sequence[bytes]) -> str:
        await asyncio.to_thread(self._keep, checkpoint)
        return ""

    def _keep(self, checkpoint: SignedHead) -> None:
        path = self._folder / f"checkpoint-{checkpoint.head.size:018d}.txt"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if any(one.name > path.name for one in self._folder.glob("checkpoint-*.txt")):
                raise WitnessFault("forked")  # it keeps a longer log
            self._write(path, checkpoint.note.encode())
        except OSError:
            raise WitnessFault("unreachable") from None

    def _write(self, path: Path, content: bytes) -> None:
        if path.exists():
            self._compare(path, content)
            return
        draft = path.with_suffix(".new")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails where the name is taken: two workers cannot replace each other's file
        except FileExistsError:
            self._compare(path, content)
        finally:
            draft.unlink(missing_ok=True)

    def _compare(self, path: Path, content: bytes) -> None:
        signed = content.partition(b"\n\n")[0]  # two workers may have signed the same head
        if path.read_bytes().partition(b"\n\n")[0] != signed:
            raise WitnessFault("forked")


_: type[Witness] = FolderWitness
