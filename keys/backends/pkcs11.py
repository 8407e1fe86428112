"""Private keys on a PKCS#11 token: made there, used there, never seen here (OASIS PKCS #11 v3.1; RFC 7512)."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Any

from asn1crypto.keys import PublicKeyInfo, RSAPublicKey
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass
from pkcs11.exceptions import NoSuchKey
from pkcs11.mechanisms import Mechanism
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from keys.backends.pkcs11_token import Pkcs11Token
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyRefused, KeyUnavailable
from keys.jose.jwk import thumbprint
from keys.ports import GeneratedKey, KeyBackend, Signer
from keys.settings import Pkcs11Settings
from keys.spec import ALGORITHMS, SignatureAlgorithm

_OFFERED = frozenset({SignatureAlgorithm.ES256, SignatureAlgorithm.RS256})
_PRIVATE_TEMPLATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
}


class Pkcs11Signer:
    """A key on the token. `sign` waits for the device."""

    blocking = True

    def __init__(self, token: Pkcs11Token, uri: Pkcs11Uri, algorithm: SignatureAlgorithm, public_key: bytes) -> None:
        self._token = token
        self._uri = uri
        self.algorithm = algorithm
        self.public_key = public_key
        self.key_id = thumbprint(public_key, algorithm)
        self._found: tuple[Any, Any] | None = None  # session, key handle in that session

    def sign(self, message: bytes) -> bytes:
        if self.algorithm is SignatureAlgorithm.ES256:
            digest = hashlib.sha256(message).digest()  # CKM_ECDSA is what every token has; it takes the digest
            raw = self._token.run(lambda session: self._key(session).sign(digest, mechanism=Mechanism.ECDSA))
            der: bytes = encode_ecdsa_signature(raw)
            return der
        signature: bytes = self._token.run(
            lambda session: self._key(session).sign(message, mechanism=Mechanism.SHA256_RSA_PKCS)
        )
        return signature

    def _key(self, session: Any) -> Any:
        if self._found is None or self._found[0] is not session:
            self._found = session, _find(session, self._uri)
        return self._found[1]


class Pkcs11Backend:
    """Makes and opens keys on one token.

    Args:
        settings: library, token label and where the PIN comes from.
    """

    scheme = "pkcs11"

    def __init__(self, settings: Pkcs11Settings) -> None:
        self._settings = settings
        self._token = Pkcs11Token(str(settings.module), settings.token, self._pin)

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return _OFFERED

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        self._check_offered(algorithm)
        if not ALGORITHMS[algorithm].has_size(bits):
            raise KeyRefused(f"{algorithm} with {bits} bits")
        identifier = secrets.token_bytes(16)
        make = _make_ec if algorithm is SignatureAlgorithm.ES256 else _make_rsa
        public_key = self._token.run(lambda session: make(session, identifier, label, bits))
        return GeneratedKey(str(Pkcs11Uri(self._settings.token, identifier)), public_key, b"")

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        self._check_offered(algorithm)
        return Pkcs11Signer(self._token, self._own(uri), algorithm, public_key)

    def extractable(self, uri: str) -> bool:
        """False only if the token itself says that the key is sensitive and was never extractable."""
        parsed = self._own(uri)
        kept = (Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)

        def ask(session: Any) -> bool:
            key = _find(session, parsed)
            return bool(key[Attribute.EXTRACTABLE]) or not all(key[attribute] for attribute in kept)

        return self._token.run(ask)

    def destroy(self, uri: str) -> None:
        parsed = self._own(uri)

        def remove(session: Any) -> None:
            for found in list(session.get_objects({Attribute.ID: parsed.id})):
                found.destroy()

        self._token.run(remove)

    def _check_offered(self, algorithm: SignatureAlgorithm) -> None:
        if algorithm not in _OFFERED:
            raise KeyRefused(f"no {algorithm} on a token")

    def _own(self, uri: str) -> Pkcs11Uri:
        parsed = Pkcs11Uri.parse(uri)
        if parsed.token != self._settings.token:
            raise KeyRefused(f"the key is on the token {parsed.token!r}, which is not configured")
        return parsed

    def _pin(self) -> str:
        if self._settings.pin is not None:
            return self._settings.pin.get_secret_value()
        if self._settings.pin_file is None:
            raise KeyUnavailable(f"no PIN for the token {self._settings.token}")
        return _read_pin(self._settings.pin_file)


def _read_pin(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeyUnavailable(f"cannot read the PIN file {path}: {error.strerror}") from None


def _find(session: Any, uri: Pkcs11Uri) -> Any:
    """The private key. The search is read to its end: an abandoned one would be closed on a session long gone."""
    found = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: uri.id}))
    if len(found) != 1:
        raise NoSuchKey
    return found[0]


def _make_ec(session: Any, identifier: bytes, label: str, bits: int) -> bytes:
    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
    public, _private = parameters.generate_keypair(
        id=identifier,
        label=label,
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        private_template=_PRIVATE_TEMPLATE,
    )
    encoded: bytes = encode_ec_public_key(public)
    return encoded


def _make_rsa(session: Any, identifier: bytes, label: str, bits: int) -> bytes:
    public, _private = session.generate_keypair(
        KeyType.RSA,
        bits,
        id=identifier,
        label=label,
        store=True,
        capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
        private_template=_PRIVATE_TEMPLATE,
    )
    encoded: bytes = PublicKeyInfo.wrap(RSAPublicKey.load(encode_rsa_public_key(public)), "rsa").dump()
    return encoded


_: type[KeyBackend] = Pkcs11Backend
