"""What an archive's content key is locked under: the master key, a passphrase, or shares that people hold.

Each lock makes a key of its own that wraps the content key; any one of the locks of an archive opens it. The master
key itself never locks anything: what locks is derived from it for one archive (HKDF, RFC 5869).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.archive.errors import ArchiveDamaged, ArchiveLocked, PassphraseRefused
from keys.errors import ShareRefused
from keys.key_wrap import KeyWrap
from keys.secrets.split import Share, combine_shares, split_secret

SHORTEST_PASSPHRASE = 12
_MASTER, _PASSPHRASE, _SHARES = "master-key", "passphrase", "shares"
_NAMES = {_MASTER: "the master key", _PASSPHRASE: "the passphrase", _SHARES: "the shares"}
_SIZE = 32
_ONCE = bytes(12)  # the nonce: each wrapping key wraps once
_KDF = {"passes": 3, "memory_kib": 64 * 1024, "lanes": 4}  # RFC 9106 §4, second recommended choice
_MOST = {"passes": 16, "memory_kib": 1024 * 1024, "lanes": 16}  # a hostile header must not take the machine

Description = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lock:
    """One way to open an archive that is being made.

    Attributes:
        description: what the header says about it, without what is secret.
        key: wraps the content key.
    """

    description: Description
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Openers:
    """What was given to open archives with; any of it may be missing."""

    master_key: bytes | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    shares: Sequence[Share] = field(default=(), repr=False)


def under_master_key(master_key: bytes) -> Lock:
    """For the deployment itself: whoever can start the service can open the archive."""
    salt = secrets.token_bytes(_SIZE)
    described = {"kind": _MASTER, "salt": _text(salt), "check": _text(KeyWrap(master_key).check)}
    return Lock(described, _derived(master_key, salt))


def under_passphrase(passphrase: str) -> Lock:
    """For a safe: Argon2id (RFC 9106) makes each try dear.

    Raises:
        PassphraseRefused: it is too short.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise PassphraseRefused(SHORTEST_PASSPHRASE)
    salt = secrets.token_bytes(_SIZE)
    return Lock({"kind": _PASSPHRASE, "salt": _text(salt), **_KDF}, _stretched(passphrase, salt, _KDF))


def under_shares(*, threshold: int, total: int) -> tuple[Lock, tuple[Share, ...]]:
    """For several people: any `threshold` of the shares open the archive.

    Raises:
        ShareRefused: not 2 <= threshold <= total <= 16.
    """
    key = secrets.token_bytes(_SIZE)
    shares = split_secret(key, threshold=threshold, total=total)
    described = {
        "kind": _SHARES,
        "set": shares[0].set_id.hex(),
        "threshold": threshold,
        "total": total,
        "fingerprints": [share.fingerprint for share in shares],
    }
    return Lock(described, key), shares


def wrap(lock: Lock, content_key: bytes) -> Description:
    """The description with the content key, wrapped, in it."""
    return {**lock.description, "wrapped": _text(AESGCM(lock.key).encrypt(_ONCE, content_key, _bound(lock)))}


def unwrap(locks: Sequence[Description], openers: Openers) -> bytes:
    """The content key.

    Raises:
        ArchiveLocked: nothing that was given opens any of the locks; says what would.
        ArchiveDamaged: a lock is not in its form.
        ShareRefused: a share is wrong or some are lacking, and nothing else opens the archive.
    """
    faults: list[str] = []
    for described in locks:
        try:
            key = _key(described, openers)
            if key is not None:
                opened = _unwrapped(described, key)
                if opened is not None:
                    return opened
                faults.append(f"{_name(described)} is another one than it was made with")
        except ShareRefused as error:
            if len(locks) == 1:
                raise
            faults.append(error.text.en)
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise ArchiveDamaged("a lock of the header cannot be read", "the header") from None
    wanted = " or ".join(_name(described) for described in locks)
    raise ArchiveLocked("; ".join([*faults, f"it opens with {wanted}"]))


def needs_shares(locks: Sequence[Description]) -> int:
    """How many shares open it; 0 if shares are none of its locks."""
    return next((int(lock["threshold"]) for lock in locks if lock.get("kind") == _SHARES), 0)


def takes_passphrase(locks: Sequence[Description]) -> bool:
    return any(lock.get("kind") == _PASSPHRASE for lock in locks)


def _key(described: Description, openers: Openers) -> bytes | None:
    """The wrapping key, if what it takes was given."""
    match described["kind"]:
        case "master-key" if openers.master_key:
            return _derived(openers.master_key, _octets(described["salt"]))
        case "passphrase" if openers.passphrase:
            return _stretched_again(openers.passphrase, described)
        case "shares" if openers.shares:
            return combine_shares(openers.shares, described["fingerprints"])
    return None


def _unwrapped(described: Description, key: bytes) -> bytes | None:
    try:
        return AESGCM(key).decrypt(_ONCE, _octets(described["wrapped"]), _bound(Lock(described, key)))
    except InvalidTag:
        return None


def _name(described: Description) -> str:
    return _NAMES.get(str(described.get("kind")), "something that a newer version knows")


def _bound(lock: Lock) -> bytes:
    return b"yizheng archive v1 lock " + str(lock.description["kind"]).encode()


def _derived(master_key: bytes, salt: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_SIZE, salt=salt, info=b"yizheng archive v1 master key").derive(master_key)


def _stretched_again(passphrase: str, described: Description) -> bytes:
    costs = {name: int(described[name]) for name in _KDF}
    if any(not 1 <= costs[name] <= most for name, most in _MOST.items()) or costs["memory_kib"] < 8 * costs["lanes"]:
        raise ValueError("costs out of bounds")
    return _stretched(passphrase, _octets(described["salt"]), costs)


def _stretched(passphrase: str, salt: bytes, costs: Mapping[str, int]) -> bytes:
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass"),
        salt,
        time_cost=costs["passes"],
        memory_cost=costs["memory_kib"],
        parallelism=costs["lanes"],
        hash_len=_SIZE,
        type=Type.ID,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
