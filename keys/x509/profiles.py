"""What each kind of certificate says, as data (RFC 5280 §4.2), and which authority issues which kind."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from keys.spec import SignatureAlgorithm, Use
from keys.x509.identifiers import (
    AGENT_POLICY,
    CLIENT_AUTH,
    DOCUMENT_SIGNING,
    MACHINE_POLICY,
    OCSP_SIGNING,
    PERSON_POLICY,
    SEAL_POLICY,
    TIME_STAMPING,
    TIMESTAMP_POLICY,
)

_YEAR = dt.timedelta(days=365)
_SIGNS_CERTIFICATES = frozenset({"key_cert_sign", "crl_sign"})
_SIGNS = frozenset({"digital_signature"})


@dataclass(frozen=True, slots=True)
class CertificateProfile:
    """What a kind of certificate says about its key.

    Attributes:
        name: as the register knows it.
        path_length: for an authority, how many further authorities may follow; None for an end entity.
        key_usage: names as in RFC 5280 §4.2.1.3.
        life: how long a certificate is valid unless the issuer or the key's algorithm ends earlier.
        signs: what the key is for: the algorithm table must allow its algorithm and size for all of it.
        extended_key_usage: OIDs; none where the key is not limited.
        critical_usage: whether the extended key usage is critical.
        policies: OIDs of certificate policies.
        no_check: nobody asks whether it is revoked (RFC 6960 §4.2.2.2.1), so it says nowhere where to ask.
        algorithm: of its keys, where it is for one kind only.
    """

    name: str
    path_length: int | None
    key_usage: frozenset[str]
    life: dt.timedelta
    signs: frozenset[Use]
    extended_key_usage: tuple[str, ...] = ()
    critical_usage: bool = False
    policies: tuple[str, ...] = ()
    no_check: bool = False
    algorithm: SignatureAlgorithm | None = None


ROOT = CertificateProfile(
    "root", 1, _SIGNS_CERTIFICATES, 20 * _YEAR, signs=frozenset({Use.CERTIFICATE, Use.REVOCATION})
)

SEAL = CertificateProfile(
    "seal",
    None,
    frozenset({"digital_signature", "non_repudiation"}),
    5 * _YEAR,
    signs=frozenset({Use.DOCUMENT}),
    extended_key_usage=(DOCUMENT_SIGNING,),  # RFC 9336 §3
    policies=(SEAL_POLICY,),
)

# National seals name the certificate of their own key, and are signed by whoever made them (制章者, GB/T 38540-2020).
ESEAL = CertificateProfile(
    "eseal",
    None,
    frozenset({"digital_signature", "non_repudiation"}),
    5 * _YEAR,
    signs=frozenset({Use.ESEAL}),
    extended_key_usage=(DOCUMENT_SIGNING,),
    policies=(SEAL_POLICY,),
)
ESEAL_MAKER = CertificateProfile(
    "eseal-maker",
    None,
    frozenset({"digital_signature", "non_repudiation"}),
    10 * _YEAR,  # it must not end before the seals that it made
    signs=frozenset({Use.ESEAL}),
    extended_key_usage=(DOCUMENT_SIGNING,),
    policies=(SEAL_POLICY,),
)

# One key for logging in and for signing: it never asserts non-repudiation, since what it signs while logging in is
# no expression of will (RFC 5280 §4.2.1.3). Nothing is said about e-mail, for the subjects have no address.
PERSON = CertificateProfile(
    "person",
    None,
    _SIGNS,
    3 * _YEAR,
    signs=frozenset({Use.LOGIN, Use.DOCUMENT}),
    extended_key_usage=(CLIENT_AUTH, DOCUMENT_SIGNING),
    policies=(PERSON_POLICY,),
)
AGENT = CertificateProfile(
    "agent",
    None,
    _SIGNS,
    2 * _YEAR,
    signs=frozenset({Use.LOGIN, Use.DOCUMENT}),
    extended_key_usage=(CLIENT_AUTH, DOCUMENT_SIGNING),
    policies=(AGENT_POLICY,),
)

TIMESTAMP = CertificateProfile(
    "timestamp",
    None,
    _SIGNS,
    5 * _YEAR,
    signs=frozenset({Use.TIMESTAMP}),
    extended_key_usage=(TIME_STAMPING,),
    critical_usage=True,  # RFC 3161 §2.3: critical, and the only one
    policies=(TIMESTAMP_POLICY,),
)

TLS_CLIENT = CertificateProfile(
    "tls-client",
    None,
    _SIGNS,
    _YEAR,
    signs=frozenset({Use.LOGIN}),
    extended_key_usage=(CLIENT_AUTH,),
    policies=(MACHINE_POLICY,),
)

OCSP = CertificateProfile(
    "ocsp",
    None,
    _SIGNS,
    dt.timedelta(days=14),  # RFC 6960 §4.2.2.2.1: short, for it cannot be revoked
    signs=frozenset({Use.REVOCATION}),
    extended_key_usage=(OCSP_SIGNING,),
    no_check=True,
)

# The national pair (GM/T 0015, GM/T 0034): one key signs, and is its holder's alone; the other only receives. Their
# usages are customary. Unlike those of `PERSON` they bind: the holder's device asks for a PIN at each signature.
_PAIR_SIGNS = frozenset({"digital_signature", "non_repudiation"})
_PAIR_RECEIVES = frozenset({"key_encipherment", "data_encipherment", "key_agreement"})


def _signing(name: str, life: dt.timedelta, policy: str) -> CertificateProfile:
    return CertificateProfile(
        name,
        None,
        _PAIR_SIGNS,
        life,
        signs=frozenset({Use.LOGIN, Use.ESEAL}),
        extended_key_usage=(CLIENT_AUTH, DOCUMENT_SIGNING),
        policies=(policy,),
        algorithm=SignatureAlgorithm.SM2_SM3,
    )


def _receiving(name: str, life: dt.timedelta, policy: str) -> CertificateProfile:
    """Without extended usages: nothing here accepts such a certificate for a signature (`keys.trust.usage`)."""
    return CertificateProfile(
        name,
        None,
        _PAIR_RECEIVES,
        life,
        signs=frozenset(),
        policies=(policy,),
        algorithm=SignatureAlgorithm.SM2_SM3,
    )


@dataclass(frozen=True, slots=True)
class PairProfile:
    """The two certificates of one subject."""

    signing: CertificateProfile
    encryption: CertificateProfile


PAIRS = {
    "person": PairProfile(
        _signing("person-sm2", 3 * _YEAR, PERSON_POLICY), _receiving("person-sm2-enc", 3 * _YEAR, PERSON_POLICY)
    ),
    "agent": PairProfile(
        _signing("agent-sm2", 2 * _YEAR, AGENT_POLICY), _receiving("agent-sm2-enc", 2 * _YEAR, AGENT_POLICY)
    ),
}
"""By whom they are for, as `keys.x509.names.subject_for` names them."""

_PAIR_PROFILES = tuple(half for pair in PAIRS.values() for half in (pair.signing, pair.encryption))


def _issuing(*policies: str) -> CertificateProfile:
    signs = frozenset({Use.CERTIFICATE, Use.REVOCATION})
    return CertificateProfile("issuing", 0, _SIGNS_CERTIFICATES, 10 * _YEAR, signs=signs, policies=policies)


@dataclass(frozen=True, slots=True)
class AuthorityKind:
    """What an authority of ours is for.

    Attributes:
        name: of the authority; its key has the purpose `ca.<name>`.
        common_name: of its certificate in development, and the proposal in a request for production.
        profile: of its own certificate.
        issues: names of the profiles that it issues.
        keeps_expired: its lists name revoked certificates for ever, for what they signed is verified for ever.
        answers: whether it has an OCSP responder and partitioned lists; an offline root has one list made by hand.
        algorithm: of its key where it is made here and nobody asks for another.
        root: name of the root above it; its own where it is one.
    """

    name: str
    common_name: str
    profile: CertificateProfile
    issues: frozenset[str]
    keeps_expired: bool = True
    answers: bool = True
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    root: str = "root"

    @property
    def is_root(self) -> bool:
        return self.name == self.root

    @property
    def purpose(self) -> str:
        return f"ca.{self.name}"


PROFILES = {one.name: one for one in (SEAL, PERSON, AGENT, TIMESTAMP, TLS_CLIENT, OCSP)}
"""End entities, by name."""

NATIONAL_PROFILES = {one.name: one for one in (ESEAL, ESEAL_MAKER, *_PAIR_PROFILES)}
"""End entities of authorities with national algorithms alone, by name."""

END_ENTITIES = PROFILES | NATIONAL_PROFILES

ROOT_KIND = AuthorityKind("root", "Root", ROOT, frozenset({"issuing"}), answers=False)

AUTHORITIES = {
    one.name: one
    for one in (
        ROOT_KIND,
        AuthorityKind("seals", "Seal Authority", _issuing(SEAL_POLICY), frozenset({"seal", "ocsp"})),
        AuthorityKind(
            "persons",
            "Person Authority",
            _issuing(PERSON_POLICY, AGENT_POLICY),
            frozenset({"person", "agent", "ocsp"}),
        ),
        AuthorityKind(
            "timestamps", "Time-stamp Authority", _issuing(TIMESTAMP_POLICY), frozenset({"timestamp", "ocsp"})
        ),
        AuthorityKind(
            "machines",
            "Machine Authority",
            _issuing(MACHINE_POLICY),
            frozenset({"tls-client", "ocsp"}),
            keeps_expired=False,  # a log-in is judged at its own time
        ),
    )
}

ISSUING_NAMES = tuple(name for name in AUTHORITIES if name != ROOT_KIND.name)

NATIONAL_ROOT = "root-sm2"
NATIONAL_SEALS = "seals-sm2"
NATIONAL_PERSONS = "persons-sm2"
NATIONAL_AUTHORITIES = {
    one.name: one
    for one in (
        AuthorityKind(
            NATIONAL_ROOT,
            "SM2 Root",
            ROOT,
            frozenset({"issuing"}),
            answers=False,
            algorithm=SignatureAlgorithm.SM2_SM3,
            root=NATIONAL_ROOT,
        ),
        AuthorityKind(
            NATIONAL_SEALS,
            "SM2 Seal Authority",
            _issuing(SEAL_POLICY),
            frozenset({"eseal", "eseal-maker", "ocsp"}),
            algorithm=SignatureAlgorithm.SM2_SM3,
            root=NATIONAL_ROOT,
        ),
        AuthorityKind(
            NATIONAL_PERSONS,
            "SM2 Person Authority",
            _issuing(PERSON_POLICY, AGENT_POLICY),
            frozenset({*(one.name for one in _PAIR_PROFILES), "ocsp"}),
            algorithm=SignatureAlgorithm.SM2_SM3,
            root=NATIONAL_ROOT,
        ),
    )
}
"""A path of SM2 from its root on: readers of national seals know no other algorithm."""

NATIONAL_ISSUING_NAMES = tuple(name for name, kind in NATIONAL_AUTHORITIES.items() if not kind.is_root)

EVERY_AUTHORITY = AUTHORITIES | NATIONAL_AUTHORITIES


def issuer_of(profile: CertificateProfile) -> AuthorityKind:
    """The one authority that issues an end entity's kind of certificate; not for `OCSP`, which each issues."""
    return next(kind for kind in EVERY_AUTHORITY.values() if profile.name in kind.issues)
