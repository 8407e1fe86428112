"""What clients prove themselves with, made by other people's code: assertions, DPoP proofs, certificates."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey, generate_key

from core.clock import Clock
from keys.backends.software import SoftwareSigner
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm
from tests.support.idp_world import ISSUER
from tests.unit.keys.forge import encoded, part, raw_signature

_KINDS: dict[str, tuple[str, Any]] = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "RS256": ("RSA", 2048),
    "PS256": ("RSA", 2048),
    "EdDSA": ("OKP", "Ed25519"),
}
_ANY = [*_KINDS, "HS256", "HS384", "HS512"]
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_serials = itertools.count(1)


@dataclass
class SigningKey:
    """A private key of a client, or its secret."""

    alg: str = "ES256"
    kid: str | None = "k1"
    key: ECKey | RSAKey | OKPKey | OctKey = field(default=None, repr=False)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.key is None:
            self.key = generate_key(*_KINDS[self.alg])

    @classmethod
    def of_secret(cls, secret: str, alg: str = "HS256") -> SigningKey:
        return cls(alg, None, OctKey.import_key(secret))

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """The public JWK with its name."""
        members: dict[str, Any] = dict(self.key.as_dict(private=False))
        members = {name: members[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in members}
        return members | ({} if self.kid is None else {"kid": self.kid}) | changes

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.jwk()]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A compact JWS; None in the header or the claims leaves a member out."""
        members = {"alg": self.alg, "kid": self.kid, **header}
        said = {name: value for name, value in claims.items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joserfc warns of EdDSA
            present = {name: value for name, value in members.items() if value is not None}
            return jwt.encode(present, said, self.key, algorithms=_ANY)


def signed_by_hand(key: SigningKey, header: dict[str, Any], claims: str) -> str:
    """Truly signed with an ES256 key, under a header and over claims (already encoded) that no library would write."""
    private = primitive(SignatureAlgorithm.ES256).load_private(key.key.as_der(private=True))
    signing_input = f"{part(header)}.{claims}"
    signer = SoftwareSigner(private, SignatureAlgorithm.ES256)
    return f"{signing_input}.{encoded(raw_signature(signer, signing_input.encode()))}"


def assertion(
    key: SigningKey, client_id: str, clock: Clock, header: dict[str, Any] | None = None, **changes: Any
) -> str:
    """A good client assertion, with claims changed; None leaves one out."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "jti": f"assertion-{next(_serials)}",
        "iat": now,
        "exp": now + 60,
        **changes,
    }
    return key.sign(claims, **(header or {}))


def by_assertion(text: str) -> dict[str, str]:
    """The form fields that carry it."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


class Prover:
    """Makes DPoP proofs with one key."""

    def __init__(self, clock: Clock, key: SigningKey | None = None) -> None:
        self.clock = clock
        self.key = key or SigningKey("ES256", None)

    @property
    def jkt(self) -> str:
        return str(self.key.key.thumbprint())

    def proof(
        self,
        method: str = "POST",
        path: str = "/token",
        *,
        token: str | None = None,
        nonce: str | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """A good proof, with claims changed; None leaves one out."""
        claims = {
            "jti": f"proof-{next(_serials)}",
            "htm": method,
            "htu": path if "://" in path else ISSUER + path,
            "iat": int(self.clock.now().timestamp()),
            "ath": None if token is None else digest_of(token),
            "nonce": nonce,
            **changes,
        }
        return self.key.sign(claims, **{"typ": "dpop+jwt", "jwk": self.key.jwk(), **(header or {})})

    def headers(self, method: str, path: str, token: str | None = None, **options: Any) -> dict[str, str]:
        """The headers of a request that carries a proof, and a token where there is one."""
        carried = {} if token is None else {"Authorization": f"DPoP {token}"}
        return {"DPoP": self.proof(method, path, token=token, **options), **carried}


def digest_of(token: str) -> str:
    """`ath` (RFC 9449 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


@dataclass(frozen=True)
class ClientCertificate:
    """A TLS client's certificate, issued by itself."""

    der: bytes = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def thumbprint(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.der).digest()).rstrip(b"=").decode()

    @property
    def pem(self) -> str:
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode()

    @property
    def escaped(self) -> str:
        """As nginx writes it into `$ssl_client_escaped_cert`."""
        return quote(self.pem, safe="")

    @property
    def field(self) -> str:
        """As RFC 9440 §2.1 writes it into `Client-Cert`."""
        return f":{base64.b64encode(self.der).decode()}:"

    def jwk(self, kid: str = "tls") -> dict[str, Any]:
        """Its public key as a JWK with the certificate in it."""
        members: dict[str, Any] = dict(ECKey.import_key(self.key.public_key()).as_dict(private=False))
        wanted = {name: members[name] for name in ("kty", "crv", "x", "y")}
        return wanted | {"kid": kid, "x5c": [base64.b64encode(self.der).decode()]}


def client_certificate(
    common_name: str = "portal", *, names: Sequence[x509.GeneralName] = (), organisation: str = "示例市"
) -> ClientCertificate:
    """A fresh key with a certificate of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=730))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
    return ClientCertificate(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER), key)
