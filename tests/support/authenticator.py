"""An authenticator and its browser in software: makes passkeys and answers with them (W3C WebAuthn L3 §6)."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG
SEEN = FLAG.UP | FLAG.UV


@dataclass
class Authenticator:
    """One passkey on one device.

    Attributes:
        counts: it has a signature counter.
        synced: its passkeys may be copied to other devices.
    """

    origin: str
    rp_id: str
    counts: bool = True
    synced: bool = False
    aaguid: bytes = bytes(16)
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    said: dict[str, Any] = field(default_factory=dict)  # put over what the browser says in the client data

    def register(self, challenge: bytes, user_handle: bytes | None = None, *, flags: FLAG = SEEN) -> str:
        """The answer to `navigator.credentials.create`, as our script sends it."""
        self.user_handle = user_handle
        made = AttestedCredentialData.create(
            self.aaguid, self.credential_id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(self._party(), flags | FLAG.AT | self._backup(), self._next(), made)
        client_data = self._client_data("webauthn.create", challenge)
        return self._answer(
            {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(self.attested(data, hashlib.sha256(client_data).digest())),
                "transports": ["internal", "hybrid"],
            }
        )

    def attested(self, data: AuthenticatorData, client_data_hash: bytes) -> AttestationObject:
        """Without a word about its model."""
        return AttestationObject.create("none", data, {})

    def sign(self, challenge: bytes, *, flags: FLAG = SEEN) -> str:
        """The answer to `navigator.credentials.get`."""
        data = AuthenticatorData.create(self._party(), flags | self._backup(), self._next())
        client_data = self._client_data("webauthn.get", challenge)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        handle = {} if self.user_handle is None else {"userHandle": b64(self.user_handle)}
        return self._answer(
            {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                **handle,
            }
        )

    def _party(self) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest()

    def _backup(self) -> FLAG:
        return FLAG.BE | FLAG.BS if self.synced else FLAG(0)

    def _next(self) -> int:
        self.count += self.counts
        return self.count

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        said = {"type": kind, "challenge": b64(challenge), "origin": self.origin, "crossOrigin": False, **self.said}
        return json.dumps(said).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = b64(self.credential_id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode()
