"""What a signature of a package protects, and what it leaves to anybody (GB/T 33190-2016 §18.2)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from signing.ofd.signatures import PackageSignature, SignatureList

DIGESTS: Mapping[str, str] = {"1.2.156.10197.1.401": "sm3", "SM3": "sm3"}
"""Digests of references that count; MD5 and SHA-1, which GB/T 33190 still names, do not."""


def changed_files(signature: PackageSignature, digests: Mapping[str, bytes]) -> tuple[str, ...]:
    """Protected files that are other than what was signed, or gone.

    Args:
        digests: SM3 of every file by its path.
    """
    return tuple(
        one.path
        for one in signature.references
        if one.path not in digests or not hmac.compare_digest(digests[one.path], one.digest)
    )


def unprotected_files(
    signature: PackageSignature, digests: Mapping[str, bytes], spared: tuple[str, ...]
) -> tuple[str, ...]:
    return tuple(sorted(digests.keys() - {one.path for one in signature.references} - set(spared)))


def spared_files(listed: SignatureList, place: int) -> tuple[str, ...]:
    """The list of signatures, its own files, and those of signatures behind it.

    Its seal is among them: that is compared with the one in the stamp.
    """
    own = listed.signatures[place]
    found = {listed.path, own.path, own.value_path, own.seal_path}
    for later in listed.signatures[place + 1 :]:
        found |= {later.path, later.value_path, later.seal_path}
    return tuple(sorted(path for path in found if path is not None))
