"""Algorithms as the CSC API names them: by object identifiers (CSC API v2 §11.5, §11.9)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from asn1crypto.algos import SignedDigestAlgorithm

from core.errors import InvalidInput
from core.text import Text
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use

HASHES: Mapping[str, str] = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
"""`hashlib` names by identifier; SHA-1 and MD5 are neither named nor taken."""

_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"  # stands for PKCS #1 v1.5 with the hash that is named beside it


def _identifier(algorithm: SignatureAlgorithm) -> tuple[str, bytes]:
    read = SignedDigestAlgorithm.load(ALGORITHMS[algorithm].identifier)
    has_more = read["parameters"].native is not None
    return read["algorithm"].dotted, read["parameters"].dump() if has_more else b""


_IDENTIFIERS = {algorithm: _identifier(algorithm) for algorithm, row in ALGORITHMS.items() if Use.DOCUMENT in row.uses}
OFFERED = tuple(sorted({identifier for identifier, _ in _IDENTIFIERS.values()}))


def signature_identifiers(algorithm: SignatureAlgorithm) -> tuple[str, ...]:
    """What a key of this algorithm may be asked for."""
    own = _IDENTIFIERS[algorithm][0]
    return (own, _RSA_ENCRYPTION) if ALGORITHMS[algorithm].family == "rsa-pkcs1" else (own,)


def hash_named(identifier: str | None, sign_algorithm: str | None = None) -> str:
    """The hash that a request names, or that its signature algorithm implies.

    Raises:
        core.errors.InvalidInput: `csc-parameter`.
    """
    if identifier is None:
        implied = [ALGORITHMS[one].digest for one, (oid, _) in _IDENTIFIERS.items() if oid == sign_algorithm]
        if not implied:
            raise bad_parameter("hashAlgorithmOID")
        return implied[0]
    if identifier not in HASHES:
        raise bad_parameter("hashAlgorithmOID")
    return HASHES[identifier]


def check_sign_algorithm(algorithm: SignatureAlgorithm, asked: str, parameters: str | None) -> None:
    """
    Args:
        parameters: DER of the algorithm's parameters in base64, where it has any.

    Raises:
        core.errors.InvalidInput: `csc-parameter`: not what the credential's key computes.
    """
    if asked not in signature_identifiers(algorithm):
        raise bad_parameter("signAlgo")
    needed = _IDENTIFIERS[algorithm][1]
    if (parameters or needed) and octets(parameters or "", "signAlgoParams") != needed:
        raise bad_parameter("signAlgoParams")


def octets(text: str, name: str) -> bytes:
    """What a parameter holds in base64 (RFC 4648 §4).

    Raises:
        core.errors.InvalidInput: `csc-parameter`.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise bad_parameter(name) from None


def bad_parameter(name: str) -> InvalidInput:
    """In the words that the standard gives for a parameter that is not acceptable."""
    return InvalidInput("csc-parameter", Text(f"参数 {name} 不对。", f"Invalid parameter {name}"), field=name)
