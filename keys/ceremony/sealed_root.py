"""`root.key.sealed`: the root's private key under a random key of 256 bits that only the shares give back.

AES-256-GCM (NIST SP 800-38D); each sealing key seals once. Everything else in the file is authenticated with it.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.text import Text
from keys.ceremony.canonical import canonical, read_canonical
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.ports import RootKey
from keys.secrets.split import Share, check_numbers, check_share, combine_shares, split_secret
from keys.spec import SignatureAlgorithm

FILE = "root.key.sealed"
_FORMAT = "yizheng-sealed-root-v1"
_SEALED = "sealed"
_NONCE = 12


@dataclass(frozen=True, slots=True)
class SealedRoot:
    """The file, taken apart.

    Attributes:
        public_key: SubjectPublicKeyInfo of the root, DER.
        custody: what was sealed: the key itself (`software`), or what unlocks its token (`pkcs11`).
        location: PKCS#11 URI of the key, when it is on a token.
        fingerprints: of all shares, in the order of their indices.
        sealed: nonce and cipher text.
    """

    algorithm: SignatureAlgorithm
    public_key: bytes
    custody: str
    location: str
    set_id: bytes
    threshold: int
    fingerprints: tuple[str, ...]
    sealed: bytes

    def check(self, share: Share) -> None:
        """Whether a share belongs to this file; the key stays closed.

        Raises:
            keys.errors.ShareRefused: it does not; the text says why.
        """
        check_share(share, self.fingerprints, set_id=self.set_id)

    def open(self, shares: list[Share]) -> bytes:
        """What was sealed.

        Raises:
            keys.errors.ShareRefused: a share is wrong, or some are lacking.
            CeremonyRefused: the file was changed.
        """
        for share in shares:
            self.check(share)
        key = combine_shares(shares, self.fingerprints)
        try:
            return AESGCM(key).decrypt(self.sealed[:_NONCE], self.sealed[_NONCE:], canonical(self._head()))
        except (InvalidTag, ValueError):
            raise _changed() from None

    def to_bytes(self) -> bytes:
        return canonical(self._head() | {_SEALED: _text(self.sealed)})

    def _head(self) -> dict[str, object]:
        return {
            "format": _FORMAT,
            "algorithm": str(self.algorithm),
            "public_key": _text(self.public_key),
            "custody": self.custody,
            "location": self.location,
            "set": self.set_id.hex(),
            "threshold": self.threshold,
            "shares": list(self.fingerprints),
        }


def seal_root(key: RootKey, *, custody: str, threshold: int, total: int) -> tuple[SealedRoot, tuple[Share, ...]]:
    """Seal the key's secret under a new sealing key, which nobody has once the shares are handed out.

    Raises:
        keys.errors.ShareRefused: numbers that do not fit.
    """
    sealing_key = secrets.token_bytes(32)
    shares = split_secret(sealing_key, threshold=threshold, total=total)
    prints = tuple(share.fingerprint for share in shares)
    signer = key.signer
    empty = SealedRoot(
        signer.algorithm, signer.public_key, custody, key.location, shares[0].set_id, threshold, prints, b""
    )
    nonce = secrets.token_bytes(_NONCE)
    sealed = nonce + AESGCM(sealing_key).encrypt(nonce, key.secret, canonical(empty._head()))
    return dataclasses.replace(empty, sealed=sealed), shares


def read_sealed_root(data: bytes) -> SealedRoot:
    """
    Raises:
        CeremonyRefused: not such a file, or it was changed so that it can be seen without the shares.
    """
    value = read_canonical(data, form=_FORMAT, name=FILE)
    try:
        return _parsed(value)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise _changed() from None


def _parsed(value: dict[str, Any]) -> SealedRoot:
    prints = value["shares"]
    if not isinstance(prints, list) or any(not isinstance(one, str) or len(one) != 64 for one in prints):
        raise ValueError("shares")
    found = SealedRoot(
        SignatureAlgorithm(value["algorithm"]),
        base64.b64decode(value["public_key"], validate=True),
        value["custody"],
        value["location"],
        bytes.fromhex(value["set"]),
        value["threshold"],
        tuple(prints),
        base64.b64decode(value[_SEALED], validate=True),
    )
    check_numbers(found.threshold, len(prints))
    if canonical(value) != found.to_bytes():
        raise ValueError("members")
    return found


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _changed() -> CeremonyRefused:
    return CeremonyRefused(
        Text(f"{FILE} 已损坏或被改动，请换用另一份副本。", f"{FILE} was changed or damaged: use another copy of it.")
    )
