"""Puts together what looks after the seals on stored originals."""

from __future__ import annotations

from api.wiring.ground import Ground
from certstore.documents import SealedDocuments
from certstore.lasting.ports import Prolonger
from certstore.lasting.prolong import ProlongOriginals
from certstore.stores.lasting import SqlFileCareStore
from keys.stores.reencryption import SqlDiscardList


def compose_lasting(ground: Ground, prolong: Prolonger, *, older_too: bool) -> ProlongOriginals:
    """
    Args:
        older_too: have originals looked after that were sealed before this was wanted.
    """
    database, clock, discards = ground.database, ground.clock, SqlDiscardList()
    documents = SealedDocuments(ground.documents, clock, database, discards)
    return ProlongOriginals(database, SqlFileCareStore(), documents, discards, prolong, clock, older_too=older_too)
