"""Message digests of the algorithm table as pyca/cryptography names them."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes

from keys.errors import KeyRefused

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sm3": hashes.SM3(),
}


def hash_of(name: str) -> hashes.HashAlgorithm:
    return _HASHES[name]


def check_length(digest: bytes, algorithm: hashes.HashAlgorithm) -> None:
    """
    Raises:
        KeyRefused: this is no whole digest of the algorithm.
    """
    if len(digest) != algorithm.digest_size:
        raise KeyRefused(f"{len(digest)} octets are no digest of {algorithm.name}")
