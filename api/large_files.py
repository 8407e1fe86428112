"""Lets large files in: so many at a time, so many of one sender, and only while the disk has room (attacks S-57)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import LimitExceeded
from core.files.scratch import storage_full
from core.text import Text

AT_ONCE = 8
OF_ONE_SENDER = 2
COPIES = 3  # the file with its seal, its cipher text, and the document store's own


class LargeFiles:
    """What of large files is on its way through this process."""

    def __init__(self) -> None:
        self._senders: Counter[str] = Counter()
        self._octets = 0

    @contextmanager
    def admit(self, sender: str, octets: int, room: int) -> Iterator[None]:
        """Hold a place for a file.

        Args:
            octets: its size, or the largest that it may have.
            room: what may be written to the disk now.

        Raises:
            LimitExceeded: `large-files-busy`.
            core.errors.Unavailable: `storage-full`.
        """
        if self._senders.total() >= AT_ONCE or self._senders[sender] >= OF_ONE_SENDER:
            raise _busy()
        # those that were let in before may have written nothing yet
        if COPIES * (self._octets + octets) > room:
            raise storage_full()
        self._senders[sender] += 1
        self._octets += octets
        try:
            yield
        finally:
            self._octets -= octets
            self._senders[sender] -= 1
            self._senders += Counter()  # forgets whoever has none


def _busy() -> LimitExceeded:
    return LimitExceeded(
        "large-files-busy",
        Text(
            f"正在处理的大文件太多（每个发送方同时最多 {OF_ONE_SENDER} 个），这个没有收。请等前面的办完再送。",
            f"Too many large files are on their way (at most {OF_ONE_SENDER} of one sender); this one was not taken. "
            "Send it when those before are done.",
        ),
        retry_after=10,
    )
