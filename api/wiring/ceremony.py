"""Puts a ceremony together: the people at the terminal, this machine, and where the root's key lives."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

import api
from api.wiring.keys import KeysServices
from api.wiring.pki import PkiServices
from core.clock import Clock, SystemClock
from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.pkcs11_pin import change_pin, log_out
from keys.backends.software import SoftwareBackend
from keys.ceremony.install import InstallRoot
from keys.ceremony.machine import LinuxMachine
from keys.ceremony.ports import Custody, Dialogue, RootKey
from keys.ceremony.room import Room
from keys.settings import Pkcs11Settings
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.stores.revocation_lists import SqlListStore

_LABEL = "Yizheng root"
_PIN_BYTES = 10  # written as 20 digits: the longest that tokens in use take is 32 or more


class SoftwareCustody:
    """The key lives in the memory of this process only; at rest it is sealed under the shares."""

    name = "software"

    def __init__(self) -> None:
        self._backend = SoftwareBackend()

    def make(self, algorithm: SignatureAlgorithm, bits: int | None) -> RootKey:
        made = self._backend.generate(algorithm, bits=bits or ALGORITHMS[algorithm].bits, label=_LABEL)
        return self.open(algorithm, made.public_key, "", made.private)

    def renew(self, key: RootKey) -> RootKey:
        return key

    def open(self, algorithm: SignatureAlgorithm, public_key: bytes, location: str, secret: bytes) -> RootKey:
        return RootKey(self._backend.open("software:root", algorithm, public_key, secret), secret)

    def forget(self) -> None:
        """Whoever holds a `RootKey` drops it; this object holds none."""

    def abandon(self) -> None:
        """Nothing outside this process was changed."""


class TokenCustody:
    """The key lives on a PKCS#11 token and never leaves it; what is split is a new PIN of the token's user.

    The token takes the new PIN when the shares have given it back for the first time, so that a ceremony that stops
    before leaves the token as it was; one that stops later gives the old PIN back.

    Args:
        module: path of the vendor's library.
        token: label of the token.
        pin: the PIN with which the token was set up; needed for a new key only.
    """

    name = "pkcs11"

    def __init__(self, module: Path, token: str, pin: str = "") -> None:
        self._module = module
        self._token = token
        self._pin = pin
        self._coming = ""  # a new PIN that the token does not have yet
        self._former = ""  # the PIN before, once the token has the new one
        self._made = ""  # URI of a key made in this ceremony

    def make(self, algorithm: SignatureAlgorithm, bits: int | None) -> RootKey:
        backend = self._backend(self._pin)
        made = backend.generate(algorithm, bits=bits or ALGORITHMS[algorithm].bits, label=_LABEL)
        self._made = made.uri
        return self.renew(RootKey(backend.open(made.uri, algorithm, made.public_key, b""), b"", made.uri))

    def renew(self, key: RootKey) -> RootKey:
        self._coming = secrets.token_hex(_PIN_BYTES)
        return replace(key, secret=self._coming.encode())

    def open(self, algorithm: SignatureAlgorithm, public_key: bytes, location: str, secret: bytes) -> RootKey:
        pin = secret.decode()
        if self._coming and hmac.compare_digest(self._coming.encode(), secret):
            change_pin(str(self._module), self._token, old=self._pin, new=pin)
            self._former, self._coming = self._pin, ""
        self.forget()
        self._pin = pin
        return RootKey(self._backend(pin).open(location, algorithm, public_key, b""), secret, location)

    def forget(self) -> None:
        log_out(str(self._module))

    def abandon(self) -> None:
        if self._made:
            self._backend(self._pin).destroy(self._made)
        if self._former:
            change_pin(str(self._module), self._token, old=self._pin, new=self._former)
            self._pin = self._former
        self._made = self._former = self._coming = ""

    def _backend(self, pin: str) -> Pkcs11Backend:
        return Pkcs11Backend(Pkcs11Settings(module=self._module, token=self._token, pin=SecretStr(pin)))


def ceremony_room(dialogue: Dialogue, custody: Custody) -> Room:
    """Everything that a ceremony works with on this machine."""
    return Room(dialogue, LinuxMachine(Path(api.__file__).parent.parent), custody, SystemClock())


def build_install(keys: KeysServices, pki: PkiServices, clock: Clock) -> InstallRoot:
    """What takes the results of a ceremony into this service."""
    return InstallRoot(pki.install, pki.authorities, pki.certificates, SqlListStore(keys.store.engine), clock)


_: type[Custody] = SoftwareCustody
_token: type[Custody] = TokenCustody
