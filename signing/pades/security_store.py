"""The document security store: certificates and revocation data kept in the file (ETSI EN 319 142-1 §5.4.2).

What lies there is material for whoever judges, never a reason to believe: anybody can add to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pyhanko.pdf_utils import generic

from signing.pades.pdf_objects import entries, entry

CERTIFICATES, ANSWERS, LISTS = "/Certs", "/OCSPs", "/CRLs"
ARRAYS = (CERTIFICATES, ANSWERS, LISTS)
_MOST = 512  # of one kind; a file renewed for thirty years has fewer
_MOST_OCTETS = 16 << 20


@dataclass(frozen=True, slots=True)
class ValidationData:
    """Certificates, OCSP responses and revocation lists, DER, each once."""

    certificates: tuple[bytes, ...] = field(default=(), repr=False)
    answers: tuple[bytes, ...] = field(default=(), repr=False)
    lists: tuple[bytes, ...] = field(default=(), repr=False)

    def by_array(self) -> dict[str, tuple[bytes, ...]]:
        """By the names that the store has for them."""
        return {CERTIFICATES: self.certificates, ANSWERS: self.answers, LISTS: self.lists}

    def joined(self, other: ValidationData) -> ValidationData:
        """Both, each value once, in order."""
        return ValidationData(
            tuple(dict.fromkeys((*self.certificates, *other.certificates))),
            tuple(dict.fromkeys((*self.answers, *other.answers))),
            tuple(dict.fromkeys((*self.lists, *other.lists))),
        )

    def __bool__(self) -> bool:
        return bool(self.certificates or self.answers or self.lists)


NO_DATA = ValidationData()


def read_store(root: generic.DictionaryObject) -> ValidationData:
    """What the store of a document's catalogue holds, within bounds; nothing if there is none."""
    store = entry(root, "/DSS")
    if not isinstance(store, generic.DictionaryObject):
        return ValidationData()
    left = _MOST_OCTETS
    found: dict[str, tuple[bytes, ...]] = {}
    for key in ARRAYS:
        values = []
        for stream in streams(store, key):
            left -= len(stream.data)
            if left < 0:
                break
            values.append(stream.data)
        found[key] = tuple(dict.fromkeys(values))
    return ValidationData(found[CERTIFICATES], found[ANSWERS], found[LISTS])


def streams(store: generic.DictionaryObject, key: str) -> list[generic.StreamObject]:
    """The streams of one of the store's arrays."""
    return [one for one in entries(store, key, _MOST) if isinstance(one, generic.StreamObject)]
