"""The implementations of `keys.ports.KeyBackend`, ready for its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pkcs11
from pkcs11 import Attribute
from pydantic import SecretStr

from keys.backends.pkcs11 import Pkcs11Backend
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_token import Pkcs11Token, TokenSession
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.backends.software import SoftwareBackend
from keys.ports import KeyBackend
from keys.settings import Pkcs11Settings
from tests.conformance.harness import Backend, Surroundings
from tests.support.servers import SoftHsmToken


@dataclass
class SignerHarness:
    """A backend and what is true of it.

    Attributes:
        backend: the backend under test.
        restarted: the backend as another process would find it.
        extractable: whether private keys leave it.
        device_lets_out: asks the device itself, past our code.
        pin: what must never show in a URI.
    """

    backend: KeyBackend
    restarted: Callable[[], KeyBackend]
    extractable: bool
    device_lets_out: Callable[[str], bool]
    pin: str | None = None


@asynccontextmanager
async def software(_around: Surroundings) -> AsyncIterator[SignerHarness]:
    yield SignerHarness(SoftwareBackend(), SoftwareBackend, extractable=True, device_lets_out=lambda _uri: True)


@asynccontextmanager
async def softhsm(around: Surroundings) -> AsyncIterator[SignerHarness]:
    token: SoftHsmToken = around.server
    settings = token_settings(token)

    def restarted() -> KeyBackend:
        library = Pkcs11Library.at(token.module)
        library.restart(library.epoch, seconds=10)  # as a new process: no session, no log-in
        return Pkcs11Backend(settings)

    yield SignerHarness(
        Pkcs11Backend(settings),
        restarted,
        extractable=False,
        device_lets_out=lambda uri: lets_out(token, uri),
        pin=token.pin,
    )


def token_settings(token: SoftHsmToken) -> Pkcs11Settings:
    return Pkcs11Settings(module=Path(token.module), token=token.label, pin=SecretStr(token.pin))


def lets_out(token: SoftHsmToken, uri: str) -> bool:
    """Whether the token gives the private value to a logged-in caller."""

    def ask(session: TokenSession) -> bool:
        try:
            return bool(session.find(Pkcs11Uri.parse(uri))[Attribute.VALUE])
        except pkcs11.exceptions.AttributeSensitive:
            return False

    return Pkcs11Token(token.module, token.label, lambda: token.pin).run(ask)


BACKENDS = [Backend("software", None, software), Backend("pkcs11", "softhsm", softhsm)]
