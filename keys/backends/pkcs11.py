"""Private keys on a PKCS#11 token: made there, used there, never seen here (OASIS PKCS #11 v3.1; RFC 7512)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeTypeInvalid

from keys.backends.pkcs11_mechanisms import FAMILIES, Offer, generate, public_key_of, sign, sign_digest
from keys.backends.pkcs11_token import Pkcs11Token, TokenSession
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyRefused, KeyUnavailable
from keys.jose.jwk import thumbprint
from keys.ports import AdoptedKey, CanAdopt, GeneratedKey, KeyBackend, Signer
from keys.settings import Pkcs11Settings
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.verification import load_verification_key

_MAKING_SECONDS = 180.0  # RSA with 4096 bits takes some tokens minutes
_PROOF = b"yizheng: these two halves belong together"


class Pkcs11Signer:
    """A key on the token. `sign` waits for the device."""

    blocking = True

    def __init__(self, token: Pkcs11Token, uri: Pkcs11Uri, algorithm: SignatureAlgorithm, public_key: bytes) -> None:
        self._token = token
        self._uri = uri
        self.algorithm = algorithm
        self.public_key = public_key
        self.key_id = thumbprint(public_key, algorithm)

    def sign(self, message: bytes) -> bytes:
        return self._token.run(lambda session: self._sign(session, message))

    def sign_digest(self, digest: bytes) -> bytes:
        return self._token.run(lambda session: self._sign_digest(session, digest))

    def _sign(self, session: TokenSession, message: bytes) -> bytes:
        return sign(session.key(self._uri), self.algorithm, self._offer(session).way, message)

    def _sign_digest(self, session: TokenSession, digest: bytes) -> bytes:
        way = self._offer(session).digest_way
        if way is None:
            raise KeyRefused(f"token {self._token.label} takes no digests for {self.algorithm}")
        return sign_digest(session.key(self._uri), self.algorithm, way, digest)

    def _offer(self, session: TokenSession) -> Offer:
        offer = session.offers().get(self.algorithm)
        if offer is None:
            raise KeyUnavailable(f"token {self._token.label} does not compute {self.algorithm}")
        return offer


class Pkcs11Backend:
    """Makes and opens keys on one token.

    Args:
        settings: library, token label and where the PIN comes from.
    """

    scheme = "pkcs11"

    def __init__(self, settings: Pkcs11Settings) -> None:
        self._settings = settings
        self._token = token_of(settings)

    def algorithms(self) -> frozenset[SignatureAlgorithm]:
        return frozenset(self._offers())

    def generate(self, algorithm: SignatureAlgorithm, *, bits: int, label: str) -> GeneratedKey:
        offer = self._offers().get(algorithm)
        if offer is None or not ALGORITHMS[algorithm].has_size(bits) or not offer.fits(bits):
            raise KeyRefused(f"token {self._settings.token} makes no keys for {algorithm} with {bits} bits")
        uri = Pkcs11Uri(self._settings.token, secrets.token_bytes(16))

        def make(session: TokenSession) -> bytes:
            _remove(session, uri)  # what an attempt that was lost on the way may have left
            public_key = public_key_of(generate(session.raw, algorithm, bits, identifier=uri.id, label=label))
            try:
                _prove(session, uri, algorithm, offer, public_key, imported=False)
            except BaseException:
                _remove(session, uri)
                raise
            return public_key

        return GeneratedKey(str(uri), self._token.run(make, seconds=_MAKING_SECONDS), b"")

    def open(self, uri: str, algorithm: SignatureAlgorithm, public_key: bytes, private: bytes) -> Signer:
        if algorithm not in FAMILIES:
            raise KeyRefused(f"no {algorithm} on a token")
        return Pkcs11Signer(self._token, self._own(uri), algorithm, public_key)

    def adopt(self, uri: str, algorithm: SignatureAlgorithm, *, imported: bool) -> AdoptedKey:
        """A key that was on the token before; see `keys.ports.CanAdopt`."""
        asked = Pkcs11Uri.parse(uri)
        token = self._token if asked.pin_source is None else token_of(self._settings, asked.pin_source)

        def look(session: TokenSession) -> AdoptedKey:
            _check_token(session, asked)
            found = session.find(asked)
            identifier = bytes(found[Attribute.ID] or b"")
            if not identifier:
                raise KeyRefused("the key has no CKA_ID; give it one with the tools of its token")
            exact = Pkcs11Uri(self._settings.token, identifier, serial=_serial(session), adopted=True)
            public_key = _public_key_beside(session, exact, found)
            offer = session.offers().get(algorithm)
            bits = load_verification_key(public_key, algorithm).bits
            if offer is None or not offer.fits(bits):
                raise KeyRefused(f"token {self._settings.token} does not compute {algorithm} with {bits} bits")
            _prove(session, exact, algorithm, offer, public_key, imported=imported)
            return AdoptedKey(str(exact), public_key)

        return token.run(look)

    def extractable(self, uri: str) -> bool:
        """False only if the token itself says that the key is sensitive and was never extractable."""
        parsed = self._own(uri)
        return self._token.run(lambda session: not _kept(session, parsed, imported=False))

    def destroy(self, uri: str) -> None:
        parsed = self._own(uri)
        if not parsed.adopted:  # a key that was there before us is not ours to destroy
            self._token.run(lambda session: _remove(session, parsed))

    def check(self) -> None:
        """
        Raises:
            KeyUnavailable: the token cannot be used; the text says why.
        """
        self._offers()

    def _offers(self) -> Mapping[SignatureAlgorithm, Offer]:
        return self._token.run(lambda session: session.offers())

    def _own(self, uri: str) -> Pkcs11Uri:
        parsed = Pkcs11Uri.parse(uri)
        if parsed.token != self._settings.token:
            raise KeyRefused(f"the key is on the token {parsed.token!r}, which is not configured")
        return parsed


def token_of(settings: Pkcs11Settings, pin_file: Path | None = None) -> Pkcs11Token:
    """The connection to the configured token; with the PIN from `pin_file` where one is named."""

    def pin() -> str:
        if pin_file is None and settings.pin is not None:
            return settings.pin.get_secret_value()
        file = pin_file or settings.pin_file
        if file is None:
            raise KeyUnavailable(f"no PIN for the token {settings.token}")
        return _read_pin(file)

    return Pkcs11Token(
        str(settings.module), settings.token, pin, sessions=settings.sessions, seconds=settings.timeout_seconds
    )


def _read_pin(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeyUnavailable(f"cannot read the PIN file {path}: {error.strerror}") from None


def _check_token(session: TokenSession, uri: Pkcs11Uri) -> None:
    """RFC 7512 §2.3: every attribute that is given must match."""
    token = session.token
    given = {"token": uri.token, "manufacturer": uri.manufacturer, "model": uri.model, "serial": uri.serial}
    has = {
        "token": token.label,
        "manufacturer": token.manufacturer_id,
        "model": token.model,
        "serial": _serial(session),
    }
    for name, value in given.items():
        if value and value != has[name].rstrip():
            raise KeyRefused(f"the configured token has another {name}: {has[name].rstrip()!r}")


def _serial(session: TokenSession) -> str:
    return bytes(session.token.serial).decode("ascii", "replace").strip("\x00 ")


def _public_key_beside(session: TokenSession, uri: Pkcs11Uri, private: object) -> bytes:
    """The public key object with the same id; without one, RSA's private key object tells it."""
    beside = session.objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.ID: uri.id})
    try:
        return public_key_of(beside[0] if beside else private)
    except AttributeTypeInvalid:
        raise KeyRefused("the token has no public key beside the private one; put it there with the same id") from None


def _kept(session: TokenSession, uri: Pkcs11Uri, *, imported: bool) -> bool:
    """Whether the token keeps the key to itself, and always has; `imported`: it may have been outside before."""
    key = session.find(uri)
    always = () if imported else (Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)
    return not key[Attribute.EXTRACTABLE] and all(key[attribute] for attribute in (Attribute.SENSITIVE, *always))


def _prove(
    session: TokenSession,
    uri: Pkcs11Uri,
    algorithm: SignatureAlgorithm,
    offer: Offer,
    public_key: bytes,
    *,
    imported: bool,
) -> None:
    """
    Raises:
        KeyRefused: the key can leave the token, or does not belong to the public key.
    """
    if not _kept(session, uri, imported=imported):
        raise KeyRefused("the token says that the private key can leave it, or that it was outside before")
    signature = sign(session.find(uri), algorithm, offer.way, _PROOF)
    if not load_verification_key(public_key, algorithm).verify(signature, _PROOF):
        raise KeyRefused("the public key on the token is not the private key's")


def _remove(session: TokenSession, uri: Pkcs11Uri) -> None:
    for found in session.objects({Attribute.ID: uri.id}):
        found.destroy()


_: type[KeyBackend] = Pkcs11Backend
_adopting: type[CanAdopt] = Pkcs11Backend
