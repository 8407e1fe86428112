"""The PIN of a token's user: changed, and forgotten by this process (OASIS PKCS #11 v3.1 §5.5.9, §5.6.9)."""

from __future__ import annotations

from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_token import Pkcs11Token

_SECONDS = 30.0  # somebody stands beside the token


def change_pin(module: str, token: str, *, old: str, new: str) -> None:
    """
    Raises:
        KeyUnavailable: the token is gone, or refuses one of the two.
    """
    Pkcs11Token(module, token, lambda: old).run(lambda session: session.raw.set_pin(old, new), seconds=_SECONDS)


def log_out(module: str) -> None:
    """End every session through this library; the next use of a key asks for the PIN again."""
    library = Pkcs11Library.at(module)
    if library.epoch:  # it was used
        library.restart(library.epoch, seconds=_SECONDS)
