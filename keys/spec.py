"""The algorithm table: what exists, what each algorithm may be used for and until when.

New algorithms are new rows, and a provider in `keys.primitives` for a new family; nothing else changes. What is not
in the table (SHA-1, MD5, RSA below 2048 bits, P-521) is neither used nor accepted.

Dates follow NIST SP 800-57 part 1 rev. 5, table 4: 112 bits of security (RSA with 2048 bits) end with 2030. They
are about when a signature was made: one whose time is proven stays good after the end of its algorithm.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class KeyState(StrEnum):
    """Life of a key within its purpose."""

    NEXT = "next"  # published, not yet used
    ACTIVE = "active"  # used to sign or encrypt; one per purpose
    VERIFY_ONLY = "verify-only"  # no longer used, still accepted
    RETIRED = "retired"  # no longer accepted; kept for the record


ACCEPTED_STATES = (KeyState.ACTIVE, KeyState.NEXT, KeyState.VERIFY_ONLY)
"""States in which a key is still accepted, in the order in which keys are listed."""


class SignatureAlgorithm(StrEnum):
    """Signature algorithms, by their JOSE names (RFC 7518 §3.1, RFC 8037 §3.1; GM/T 0125.1 for the national one)."""

    ES256 = "ES256"  # ECDSA, P-256, SHA-256
    ES384 = "ES384"  # ECDSA, P-384, SHA-384
    RS256 = "RS256"  # RSASSA-PKCS1-v1_5, SHA-256, 3072 bits unless said otherwise
    RS384 = "RS384"  # RSASSA-PKCS1-v1_5, SHA-384
    RS512 = "RS512"  # RSASSA-PKCS1-v1_5, SHA-512
    PS256 = "PS256"  # RSASSA-PSS, SHA-256, salt of 32 octets
    EDDSA = "EdDSA"  # Ed25519
    SM2_SM3 = "SGD_SM3_SM2"  # SM2 with SM3, named by GM/T 0125.1


class SecretKind(StrEnum):
    """What the store writes as the algorithm of a symmetric key: 256 random bits, and what is computed under them."""

    USUAL = "secret-256"  # AES-256-GCM, HMAC-SHA-256, HKDF with SHA-256
    NATIONAL = "secret-256-sm"  # SM4-GCM (GB/T 32907), HMAC-SM3 (GB/T 32905), HKDF with SM3


SECRETS = frozenset(map(str, SecretKind))


class Use(StrEnum):
    """What a signature is made for."""

    TOKEN = "token"  # noqa: S105 - JOSE tokens
    DOCUMENT = "document"  # seals on documents (CMS, PAdES)
    ESEAL = "eseal"  # national seals and their stamps (GB/T 38540)
    CERTIFICATE = "certificate"  # certificates (RFC 5280)
    REVOCATION = "revocation"  # CRLs and OCSP answers (RFC 5280, RFC 6960)
    TIMESTAMP = "timestamp"  # time-stamp tokens (RFC 3161)
    STATEMENT = "statement"  # what we declare ourselves: trust lists, protocols, backups
    LOGIN = "login"  # proof that a person or a machine holds a key


_EVERYTHING = frozenset(Use) - {Use.ESEAL}


@dataclass(frozen=True, slots=True)
class SizeRule:
    """A key size, and the last day (UTC) on which a signature with it counts; None without an end in sight."""

    bits: int
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class AlgorithmRow:
    """What one algorithm is and may be used for.

    Attributes:
        family: which provider of `keys.primitives` computes it.
        key_type: JWK `kty` (RFC 7518 §6.1).
        curve: JWK `crv` of elliptic-curve keys.
        digest: `hashlib` name of the message digest; in CMS the one that goes with the algorithm.
        sizes: key sizes; the first one is made unless another is asked for.
        uses: what signatures may be made and accepted for.
        identifier: AlgorithmIdentifier in certificates and CMS, DER (RFC 5280 §4.1.1.2).
        octets: most octets that a signature takes as `Signer.sign` answers it; None: as many as the RSA modulus.
    """

    algorithm: SignatureAlgorithm
    family: str
    key_type: str
    curve: str | None
    digest: str
    sizes: tuple[SizeRule, ...]
    uses: frozenset[Use]
    identifier: bytes
    octets: int | None = None

    @property
    def bits(self) -> int:
        """The size that is made unless another is asked for."""
        return self.sizes[0].bits

    @property
    def tokens(self) -> bool:
        """Whether it may sign JOSE tokens."""
        return Use.TOKEN in self.uses

    def has_size(self, bits: int) -> bool:
        """Whether there are keys of this size at all."""
        return any(size.bits == bits for size in self.sizes)

    def allows(self, bits: int, use: Use, day: dt.date) -> bool:
        """Whether a signature of `day` with a key of this size counts for this use."""
        rule = next((size for size in self.sizes if size.bits == bits), None)
        return rule is not None and use in self.uses and (rule.until is None or day <= rule.until)

    def until(self, bits: int, uses: frozenset[Use]) -> dt.date | None:
        """The last day on which a key of this size may sign for all of `uses`; None without an end in sight.

        `datetime.date.min` where it never may.
        """
        rule = next((size for size in self.sizes if size.bits == bits), None)
        return dt.date.min if rule is None or not uses <= self.uses else rule.until


_RSA_SIZES = (SizeRule(3072), SizeRule(2048, until=dt.date(2030, 12, 31)), SizeRule(4096))
_PSS_SHA256 = (
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
    "a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
)  # RFC 4055 §3.1: SHA-256, MGF1 with SHA-256, salt of 32 octets


def _rsa(algorithm: SignatureAlgorithm, family: str, digest: str, identifier: str) -> AlgorithmRow:
    return AlgorithmRow(algorithm, family, "RSA", None, digest, _RSA_SIZES, _EVERYTHING, bytes.fromhex(identifier))


ALGORITHMS: dict[SignatureAlgorithm, AlgorithmRow] = {
    row.algorithm: row
    for row in (
        AlgorithmRow(
            SignatureAlgorithm.ES256,
            "ecdsa",
            "EC",
            "P-256",
            "sha256",
            (SizeRule(256),),
            _EVERYTHING,
            bytes.fromhex("300a06082a8648ce3d040302"),  # RFC 5758 §3.2: no parameters
            octets=72,
        ),
        AlgorithmRow(
            SignatureAlgorithm.ES384,
            "ecdsa",
            "EC",
            "P-384",
            "sha384",
            (SizeRule(384),),
            _EVERYTHING,
            bytes.fromhex("300a06082a8648ce3d040303"),
            octets=104,
        ),
        # RFC 4055 §5: NULL parameters
        _rsa(SignatureAlgorithm.RS256, "rsa-pkcs1", "sha256", "300d06092a864886f70d01010b0500"),
        _rsa(SignatureAlgorithm.RS384, "rsa-pkcs1", "sha384", "300d06092a864886f70d01010c0500"),
        _rsa(SignatureAlgorithm.RS512, "rsa-pkcs1", "sha512", "300d06092a864886f70d01010d0500"),
        _rsa(SignatureAlgorithm.PS256, "rsa-pss", "sha256", _PSS_SHA256),
        AlgorithmRow(
            SignatureAlgorithm.EDDSA,
            "ed25519",
            "OKP",
            "Ed25519",
            "sha512",  # RFC 8419 §2.3: what goes with Ed25519 in CMS
            (SizeRule(256),),
            frozenset({Use.TOKEN, Use.STATEMENT, Use.LOGIN}),  # no document reader in wide use takes it
            bytes.fromhex("300506032b6570"),  # RFC 8410 §3: no parameters
            octets=64,
        ),
        AlgorithmRow(
            SignatureAlgorithm.SM2_SM3,
            "sm2",
            "EC",
            "SM2-P-256",  # GM/T 0125.4
            "sm3",
            (SizeRule(256),),
            # neither documents nor time stamps: those by SM2 have containers of their own (GM/T 0010, GB/T 38540)
            frozenset(Use) - {Use.DOCUMENT, Use.TIMESTAMP},
            bytes.fromhex("300a06082a811ccf55018375"),  # 1.2.156.10197.1.501, no parameters (GM/T 0015 §5.2.3)
            octets=72,
        ),
    )
}

_USES_OF_PURPOSES: tuple[tuple[str, frozenset[Use]], ...] = (
    ("oidc.", frozenset({Use.TOKEN})),
    ("licence.", frozenset({Use.TOKEN})),
    ("seal/", frozenset({Use.DOCUMENT})),
    ("eseal/", frozenset({Use.ESEAL})),
    ("eseal.", frozenset({Use.ESEAL})),
    ("ca.", frozenset({Use.CERTIFICATE, Use.REVOCATION})),
    ("ocsp/", frozenset({Use.REVOCATION})),
    ("tsa/", frozenset({Use.TIMESTAMP})),
    ("statement.", frozenset({Use.STATEMENT})),
    ("tls/", frozenset({Use.LOGIN})),
)


def uses_of(purpose: str) -> frozenset[Use]:
    """What the keys of a purpose sign: an algorithm must allow all of it. Empty for a purpose that is not signing."""
    return next((uses for prefix, uses in _USES_OF_PURPOSES if purpose.startswith(prefix)), frozenset())


_CERTIFIED = ("ca.", "seal/", "eseal/", "eseal.", "ocsp/", "tsa/", "tls/")


def certified(purpose: str) -> bool:
    """Whether the purpose's keys are worth nothing without a certificate: a new key alone cannot follow an old one."""
    return purpose.startswith(_CERTIFIED)


FIXED_PURPOSES = frozenset({"oidc.pairwise"})
"""Secrets that name things for good: a new one would lose every pairwise subject (OpenID Connect Core §8.1), so the
ring refuses to rotate them."""

KEPT_PURPOSES = FIXED_PURPOSES | {
    "field.data",
    "field.index",
    "index.people",
    "index.licences",
    "field.people",
    "field.licences",
    "field.documents",
    "field.shortlived",
}
"""Secrets whose old values must stay readable: the ring refuses to retire them."""
