"""Ports of the crypto boundary: what the domains may ask of keys. Nobody outside sees private bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from core.files.scratch import FileBytes
from keys.journal import KeyStep
from keys.spec import KeyState, SecretKind, SignatureAlgorithm


class Signer(Protocol):
    """A private key that can sign, wherever it lives (memory, PKCS#11 token)."""

    @property
    def key_id(self) -> str:
        """Stable id of the key; the JWK `kid` (RFC 7638 thumbprint, base64url)."""

    @property
    def algorithm(self) -> SignatureAlgorithm: ...

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER (RFC 5280 §4.1.2.7)."""

    @property
    def blocking(self) -> bool:
        """True if `sign` waits for a device or a network and must be called in a thread."""

    def sign(self, message: bytes) -> bytes:
        """Sign `message` (hashing included).

        Returns:
            ECDSA: DER `Ecdsa-Sig-Value` (RFC 3279 §2.2.3); RSA: as many octets as the modulus (RFC 8017 §8);
            Ed25519: 64 octets (RFC 8032 §5.1.6).

        Raises:
            core.errors.Unavailable: `key-unavailable`, when the token is gone or answers with an error.
        """


@runtime_checkable
class SignsDigests(Protocol):
    """A `Signer` that also takes a digest in place of the message: for what is hashed elsewhere."""

    def sign_digest(self, digest: bytes) -> bytes:
        """As `Signer.sign` of the message that has this digest; in the algorithm's own hash, and whole.

        Raises:
            keys.errors.KeyRefused: the algorithm signs messages alone, or the digest has another length.
            core.errors.Unavailable: `key-unavailable`.
        """


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key that is still accepted."""

    key_id: str
    algorithm: SignatureAlgorithm
    state: KeyState
    public_key: bytes


class KeyProvider(Protocol):
    """Finds keys by purpose. Keys are loaded into memory once; these calls do no input or output.

    Purposes are strings such as `oidc.es256`, `oidc.rs256`, `seal/<seal id>`, `ca.seals`.
    """

    def signer(self, purpose: str) -> Signer:
        """The purpose's active key.

        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active key; `keys-stale`, when it may
                have been revoked without our knowing; `algorithm-ended`, when the
                algorithm table no longer lets it sign for this purpose.
        """

    def verification_keys(self, purpose: str) -> Sequence[VerificationKey]:
        """Public keys in the states next, active and verify-only, active first: the same object until the ring
        changes.

        Raises:
            core.errors.Unavailable: `keys-stale`, when a key may have been revoked without our knowing.
        """

    async def create(
        self, purpose: str, algorithm: SignatureAlgorithm, *, backend: str | None = None, bits: int | None = None
    ) -> Signer:
        """Make a key and activate it at once; for purposes that have none yet.

        Args:
            backend: URI scheme of the backend (`software`, `pkcs11`); None for the deployment's default.
            bits: key size where the algorithm leaves a choice; None for the algorithm's default.

        Raises:
            core.errors.Conflict: `key-exists`, when the purpose has an active key already.
            core.errors.InvalidInput: `key-refused`, when the algorithm table does not allow algorithm and size for
                everything that the purpose signs, or the backend does not offer the algorithm.
        """


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A symmetric key that is still accepted."""

    key_id: str
    state: KeyState
    value: bytes = field(repr=False)
    kind: SecretKind = SecretKind.USUAL


class SecretProvider(Protocol):
    """Finds symmetric keys by purpose, without input or output."""

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        """Secrets in the states next, active and verify-only, active first.

        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active secret.
        """

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        """As `secrets`, but empty where there is none: the same object until the ring changes."""


class KeyUsage(Protocol):
    """Knows whether anything stored still needs a secret: only what nothing needs may be retired and destroyed."""

    async def needed(self, key_id: str) -> bool:
        """True while a stored value is sealed or named under this key, and whenever that cannot be told."""


@dataclass(frozen=True, slots=True)
class GeneratedKey:
    """What a backend answers for a new key pair. `private` is empty where the key cannot leave its device."""

    uri: str
    public_key: bytes
    private: bytes = field(repr=False)


class KeyBackend(Protocol):
    """A place where private keys are made and used. Calls may block: make them in a thread."""

    @property
    def scheme(self) -> str:
        """The URI scheme of its keys (`software`, `pkcs11`)."""

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        """What its keys can sign with; for anything else it makes and opens none."""

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        """Make a key pair; `label` is for the people who look after the device.

        Raises:
            core.errors.InvalidInput: `key-refused`, for an algorithm that it does not offer or a size that the
                algorithm table does not have.
        """

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        """A signer for a key made before. Does no input or output: a device is asked at the first signature.

        Raises:
            core.errors.InvalidInput: `key-refused`, for an algorithm that it does not offer.
        """

    def extractable(self, uri: str) -> bool:
        """Whether the private bytes can leave the backend."""

    def destroy(self, uri: str) -> None:
        """Destroy the private key where it lives; nothing to do where the key store holds it."""


@dataclass(frozen=True, slots=True)
class AdoptedKey:
    """A key that was on its device before us, by its exact name."""

    uri: str
    public_key: bytes


@runtime_checkable
class CanAdopt(Protocol):
    """A backend on whose device keys may be that others made."""

    def adopt(self, uri: str, algorithm: SignatureAlgorithm, *, imported: bool) -> AdoptedKey:
        """Look at a key and prove that it works and cannot leave.

        Args:
            imported: accept a key that the device says was outside once, before it was put there.

        Raises:
            core.errors.InvalidInput: `key-refused`, when it may leave the device or does not fit.
            core.errors.Unavailable: `key-unavailable`, when it is not there.
        """


class MasterKeyWrapping(Protocol):
    """A device that locks the master key with a key that cannot leave it. Calls may block."""

    def make_key(self) -> str:
        """Make such a key; its URI."""

    def wrap(self, uri: str, key: bytes) -> bytes:
        """Lock; what comes out is bound to the URI."""

    def unwrap(self, uri: str, blob: bytes) -> bytes:
        """
        Raises:
            core.errors.Unavailable: `master-key-unsafe`, when the blob was changed or is another key's;
                `key-unavailable`, when the device does not answer.
        """


class KeyBackends(Protocol):
    """The backends of this deployment, found by URI scheme."""

    def making(self, scheme: str | None) -> KeyBackend:
        """The backend that makes new keys: the named one, or with None the deployment's default.

        Raises:
            core.errors.InvalidInput: `key-refused`, when no such backend is configured.
        """

    def of(self, uri: str) -> KeyBackend:
        """The backend of a key made before.

        Raises:
            core.errors.Unavailable: `key-unavailable`, when it is not configured.
        """


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One row of the key store."""

    key_id: str
    purpose: str
    algorithm: str  # a SignatureAlgorithm, or a keys.spec.SecretKind
    state: KeyState
    uri: str
    public_key: bytes | None  # SubjectPublicKeyInfo, DER; None for a secret
    sealed: bytes | None = field(repr=False)  # private part under the master key; None once destroyed
    created_at: dt.datetime
    state_since: dt.datetime


class KeyStore(Protocol):
    """Keeps keys. Each writing call is one transaction, moves the generation forward and notes its steps in the
    journal."""

    async def in_use(self) -> bool:
        """Whether a store was made here before, under some master key."""

    async def open(self, master_key_check: bytes) -> None:
        """Make the tables if they are not there, and remember or compare the check value of the master key.

        Raises:
            core.errors.Unavailable: `master-key-wrong`; `key-store-damaged` for an unknown version.
        """

    async def check(self) -> bytes | None:
        """The check value of the master key that the store is under; None where no store was made yet."""

    async def reseal(
        self, *, before: bytes, after: bytes, sealed: Callable[[KeyRecord], bytes], moment: dt.datetime
    ) -> int:
        """Put every private part under another master key, in one transaction; answers how many.

        Args:
            before, after: check values of the two master keys.
            sealed: the record's private part under the new one.

        Raises:
            core.errors.Unavailable: `master-key-wrong`, when the store is not under the former key any more.
        """

    async def generation(self) -> int:
        """A counter that every change moves; the cheap question whether to load again."""

    async def load(self) -> tuple[int, Sequence[KeyRecord]]:
        """The generation and all keys that are not retired, as of one moment."""

    async def find(self, key_id: str) -> KeyRecord | None:
        """One key in any state."""

    async def retired(self) -> Sequence[KeyRecord]:
        """Retired keys whose private part is still there, the longest retired first."""

    async def add(self, record: KeyRecord, *, step: KeyStep = KeyStep.MADE, under: bytes | None = None) -> None:
        """
        Args:
            under: check value of the master key that the record is sealed under; None to take the caller's word.

        Raises:
            core.errors.Conflict: `key-exists`, when the purpose has a key in that state (active, next) already.
            core.errors.Unavailable: `master-key-wrong`, when the store is under another master key by now.
        """

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        """Next becomes active and active becomes verify-only, in one step. Answers the new active key's id.

        Args:
            key_id: the next key that is meant; None for whichever it is.

        Raises:
            core.errors.Conflict: `no-next-key`, or `key-too-fresh` if it was made after `published_before`.
        """

    async def revoke(
        self,
        key_id: str,
        *,
        replace: bool,
        successor: KeyRecord | None,
        moment: dt.datetime,
        under: bytes | None = None,
    ) -> str | None:
        """A key that leaked is accepted no longer; an active one is replaced in the same step, or with `replace`
        off leaves its purpose without one.

        Args:
            successor: an active key for the case that none is published yet; with a next key there it is not used.

        Returns:
            The id of the key that became active; None when none did.

        Raises:
            core.errors.Conflict: `key-state`, for a key that is retired already or unknown; `no-next-key`, when it
                is to be replaced and there is neither a next key nor a successor. Nothing has changed then.
        """

    async def retire(self, key_id: str, *, moment: dt.datetime) -> None:
        """A next or verify-only key is accepted no longer.

        Raises:
            core.errors.Conflict: `key-state`, for a key in another state or unknown.
        """

    async def erase(self, key_id: str, *, moment: dt.datetime) -> bool:
        """Delete the private part of a retired key; the row stays for the record. False when it was gone already.

        Raises:
            core.errors.Conflict: `key-state`, for a key in another state or unknown.
        """

    async def close(self) -> None: ...


class FieldCipher(Protocol):
    """Encrypts single database values (AES-256-GCM under an enveloped data key)."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        """`context` (table, column, row id) is authenticated, so a value cannot be moved to another place."""

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        """
        Raises:
            core.errors.Unavailable: `field-damaged`, when the value or its context was changed or the key is unknown.
        """

    def head(self) -> bytes:
        """What every value begins with that is in today's form and under the active data key."""


class BlindIndex(Protocol):
    """A keyed digest to find encrypted values by equality (HMAC-SHA-256); useless without the key."""

    def digest(self, kind: str, value: str) -> bytes:
        """48 bytes, under the active key: what a row holds that may stand beside others of the same value.

        `kind` separates uses (`citizen-id`, `phone`, …); `value` must be canonical already.
        """

    def digests(self, kind: str, value: str) -> tuple[bytes, ...]:
        """The value under every accepted key, the active first: to look it up, and to hold it for one owner only."""

    def head(self) -> bytes:
        """What every digest under the active key begins with."""

    def heads(self) -> tuple[bytes, ...]:
        """What the digests under all accepted keys begin with, the active one first."""

    def finds_bare(self) -> bool:
        """Whether digests in the form before, which name no key, are still found."""


class TokenDigests(Protocol):
    """Keyed digests of opaque tokens and client secrets (HMAC-SHA-256): what is stored instead of the value.

    `use` separates uses (`session`, `code`, `client-secret`, …). Any text may come as value.
    """

    def digest(self, use: str, value: str) -> str:
        """What to store: at most 64 ASCII characters, under the active key."""

    def digests(self, use: str, value: str) -> tuple[str, ...]:
        """All that may be stored for the value, today's form first: to look it up."""

    def matches(self, use: str, value: str, stored: str | None) -> bool:
        """Compare in constant time, in whatever accepted form `stored` is; False for None, after the same work."""

    def is_current(self, stored: str) -> bool:
        """Whether a stored digest is in today's form and under the active key."""


class SealedTokens(Protocol):
    """Opaque tokens that carry claims which only we can read; nothing is stored for them."""

    def seal(self, claims: Mapping[str, Any]) -> str:
        """A token with an id (`jti`) of its own.

        Raises:
            core.errors.Unavailable: `key-missing`.
        """

    def open(self, token: str) -> dict[str, Any]:
        """The claims with the token's id as `jti` (22 characters); whether they still count is the caller's question.

        Raises:
            TokenRejected: it is not ours, was changed, or its secret is retired.
        """

    def is_one(self, token: str) -> bool:
        """Whether it looks like one."""


class DocumentVault(Protocol):
    """Keeps documents encrypted at rest: a sealed document names people."""

    async def keep(self, content: FileBytes, *, context: str) -> str:
        """Encrypt and store durably; answers an address that betrays nothing of the content.

        `context` (table, column, id of the row that will hold the address) is authenticated, so that no row can be
        made to show another's document.

        Raises:
            core.errors.Unavailable: the document store does not answer.
        """

    async def open(self, address: str, *, context: str) -> bytes:
        """The document, byte for byte; for those that are known to be small.

        Raises:
            core.errors.NotFound: `blob-not-found`.
            core.errors.Unavailable: the store does not answer, or what it holds was changed.
        """

    async def open_file(self, address: str, *, context: str) -> FileBytes:
        """As `open`; a large document is laid out on disk.

        Raises:
            core.errors.NotFound, core.errors.Unavailable: as `open`; `storage-full` among others.
        """


class PasswordHasher(Protocol):
    """Argon2id (RFC 9106) in a bounded pool."""

    async def hash(self, password: str, *, source: str = "") -> str:
        """A new hash at today's cost. `source` is who asks: sources wait in turns, so none can crowd out the others.

        Raises:
            core.errors.LimitExceeded: `busy`, when too many hashes are waiting, or too many of this source.
        """

    async def verify(self, password: str, encoded: str | None, *, source: str = "") -> bool:
        """False for a wrong password. With None it does the same work and answers False, so that an unknown
        account takes as long as a known one.

        Raises:
            core.errors.LimitExceeded: as `hash`.
        """

    def needs_rehash(self, encoded: str) -> bool:
        """True for a hash made at another cost than today's: hash again at the next log-in."""
