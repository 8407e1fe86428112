"""A key on a PKCS#11 token that locks the master key: AES-256-GCM in the token (PKCS #11 v3.1 §6.13.3; SP 800-38D).

The wrapping key is made on the token and cannot leave it. What it locks is bound to its URI, so a blob that is moved
under another key does not open.
"""

from __future__ import annotations

import secrets
from typing import Any

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag
from pkcs11.exceptions import DataInvalid, EncryptedDataInvalid, EncryptedDataLenRange, FunctionFailed, GeneralError

from keys.backends.pkcs11 import token_of
from keys.backends.pkcs11_token import TokenSession
from keys.backends.pkcs11_uri import Pkcs11Uri
from keys.errors import KeyRefused, MasterKeyUnsafe
from keys.ports import MasterKeyWrapping
from keys.settings import Pkcs11Settings

_NONCE = 12
_LABEL = "Yizheng master key"
_ABOUT = b"yizheng wrapped master key v1\x00"
_TEMPLATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
    Attribute.WRAP: False,
    Attribute.UNWRAP: False,
}
_NOT_AUTHENTIC = (DataInvalid, EncryptedDataInvalid, EncryptedDataLenRange, FunctionFailed, GeneralError)


class TokenWrapping:
    """Implements `keys.ports.MasterKeyWrapping` on the configured token."""

    def __init__(self, settings: Pkcs11Settings) -> None:
        self._settings = settings
        self._token = token_of(settings)

    def make_key(self) -> str:
        uri = Pkcs11Uri(self._settings.token, secrets.token_bytes(16), type="secret-key")

        def make(session: TokenSession) -> None:
            for left in session.objects({Attribute.ID: uri.id}):  # by an attempt that was lost on the way
                left.destroy()
            session.raw.generate_key(
                KeyType.AES,
                256,
                id=uri.id,
                label=_LABEL,
                store=True,
                capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
                template=_TEMPLATE,
            )
            session.key(uri)  # refuses what the token would give out

        self._token.run(make)
        return str(uri)

    def wrap(self, uri: str, key: bytes) -> bytes:
        parsed, nonce = self._own(uri), secrets.token_bytes(_NONCE)
        locked: bytes = self._token.run(
            lambda session: session.key(parsed).encrypt(
                key, mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(uri, nonce)
            )
        )
        return nonce + locked

    def unwrap(self, uri: str, blob: bytes) -> bytes:
        parsed = self._own(uri)

        def open_it(session: TokenSession) -> bytes | None:
            found = session.key(parsed)
            try:
                opened: bytes = found.decrypt(
                    blob[_NONCE:], mechanism=Mechanism.AES_GCM, mechanism_param=_parameters(uri, blob[:_NONCE])
                )
            except _NOT_AUTHENTIC:
                return None
            return opened

        opened = self._token.run(open_it)
        if opened is None:
            raise MasterKeyUnsafe("the wrapped master key was changed, or is another wrapping key's")
        return opened

    def _own(self, uri: str) -> Pkcs11Uri:
        parsed = Pkcs11Uri.parse(uri)
        if parsed.token != self._settings.token or parsed.type != "secret-key":
            raise KeyRefused(f"the wrapping key is on the token {parsed.token!r}, which is not configured")
        return parsed


def _parameters(uri: str, nonce: bytes) -> Any:
    return GCMParams(nonce, _ABOUT + uri.encode(), 128)


_: type[MasterKeyWrapping] = TokenWrapping
