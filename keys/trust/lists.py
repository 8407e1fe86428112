"""The lists that count, in memory: our own authorities, our own list, and what was imported from other publishers."""

from __future__ import annotations

from collections.abc import Callable

from keys.trust.anchors import Anchor, AnchorSet, anchors_of
from keys.trust.documents import read_document
from keys.trust.errors import TrustListAway, TrustListRefused
from keys.trust.model import TrustEntry
from keys.trust.ports import AnchorSource, ListRevision, TrustStore

OWN = "own"


class TrustLists:
    """Implements `keys.trust.ports.AnchorSource`. `refresh` first, and then every few seconds: that is how long a
    change takes until every worker knows it.

    Args:
        own_authorities: entries for our own authorities, from memory. They count at once; as soon as one is on the
            stored list, what that says about it counts instead.
    """

    def __init__(self, store: TrustStore, own_authorities: Callable[[], tuple[TrustEntry, ...]]) -> None:
        self._store = store
        self._own_authorities = own_authorities
        self._revision: int | None = None
        self._listed: list[Anchor] = []
        self._set: AnchorSet | None = None
        self._made_with: tuple[TrustEntry, ...] = ()

    def current(self) -> AnchorSet:
        if self._revision is None:
            raise TrustListAway("the trust lists have not been read yet")
        own = self._own_authorities()
        if self._set is None or own != self._made_with:
            self._set = self._with(own)
        return self._set

    async def refresh(self) -> bool:
        """Read again if anything has changed; True if so.

        Raises:
            TrustListAway: a stored list cannot be read.
        """
        revision = await self._store.revision()
        if revision == self._revision:
            return False
        listed: list[Anchor] = []
        for change in await self._store.latest():
            listed += anchors_in(change)
        self._listed, self._revision, self._set = listed, revision, None
        return True

    def unlisted(self) -> list[TrustEntry]:
        """Authorities of our own that nobody has put on the stored list yet."""
        known = {anchor.entry.id for anchor in self._listed}
        return [entry for entry in self._own_authorities() if entry.id not in known]

    def _with(self, own: tuple[TrustEntry, ...]) -> AnchorSet:
        self._made_with = own
        return AnchorSet([*anchors_of(self.unlisted(), source=OWN), *self._listed])


def anchors_in(change: ListRevision) -> list[Anchor]:
    """The anchors of a stored list. Our own list counts as long as we run; others end with their next update."""
    if change.document is None:
        return []
    try:
        trust_list = read_document(change.document)
    except TrustListRefused as error:
        raise TrustListAway(f"the list {change.source} cannot be read: {error.private}") from None
    until = None if change.source == OWN else trust_list.next_update
    return anchors_of(trust_list.entries, until=until, source=change.source)


_: type[AnchorSource] = TrustLists
