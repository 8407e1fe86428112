"""Comparing distinguished names (RFC 5280 §7.1): case and spacing do not count, the kind of string neither.

Names only say which certificates to try: what makes one the issuer of another is its signature. A look-alike letter is
a different letter here; nothing is folded beyond what the RFC folds.
"""

from __future__ import annotations

from cryptography import x509

NameKey = tuple[frozenset[tuple[str, str]], ...]
"""What two names that match have in common."""


def name_key(name: x509.Name) -> NameKey:
    """Comparable and hashable: one set of attributes for each RDN."""
    return tuple(frozenset((one.oid.dotted_string, folded(one.value)) for one in rdn) for rdn in name.rdns)


def folded(value: str | bytes) -> str:
    """A value as it is compared; one that is no text stands for itself."""
    if isinstance(value, bytes):
        return f"#{value.hex()}"
    return " ".join(value.split()).casefold()


def is_below(name: NameKey, base: NameKey) -> bool:
    """Whether `name` lies in the directory subtree that begins at `base` (RFC 5280 §4.2.1.10)."""
    return name[: len(base)] == base
