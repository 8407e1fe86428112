"""What an authenticator proves about its model (W3C WebAuthn L3 §6.5, §8.2): the right proof beside wrong ones."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2.webauthn import AttestationObject, AuthenticatorData

from keys.passkeys.ceremonies import judge_registration
from keys.passkeys.model import AttestationMode, NewPasskey, PasskeyRefused, RelyingParty
from keys.passkeys.policy import read_policy
from tests.support.authenticator import Authenticator
from tests.support.trust_pki import NOW, Made, Plan, key, make, root

PARTY = RelyingParty("id.example.test", "https://id.example.test")
CHALLENGE = b"a challenge of our own making"
AAGUID = bytes.fromhex("00112233445566778899aabbccddeeff")
NAMED = "00112233-4455-6677-8899-aabbccddeeff"
OID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
MAKER, STRANGER = root("maker of keys"), root("somebody else")


def attesting(issuer: Made, *, aaguid: bytes = AAGUID, **changes: Any) -> Made:
    """A certificate as §8.2.1 wants it."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Key 5"),
        ]
    )
    model = x509.UnrecognizedExtension(OID, b"\x04\x10" + aaguid)
    return make(Plan(name, key("attesting"), issuer, extended=[], more=[(model, False)], **changes))


class Attesting(Authenticator):
    """Proves its model by a packed statement."""

    by: Made

    def attested(self, data: AuthenticatorData, client_data_hash: bytes) -> AttestationObject:
        private = self.by.private
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        signature = private.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256()))
        return AttestationObject.create("packed", data, {"alg": -7, "sig": signature, "x5c": [self.by.der]})


def registered(mode: AttestationMode, by: Made | None, *, aaguid: bytes = AAGUID) -> NewPasskey:
    models = {NAMED: {"name": "Key 5", "roots": [MAKER.certificate.public_bytes(Encoding.PEM).decode()]}}
    device: Authenticator = Authenticator(PARTY.origin, PARTY.id, aaguid=aaguid)
    if by is not None:
        device = Attesting(PARTY.origin, PARTY.id, aaguid=aaguid)
        device.by = by
    policy = read_policy(mode, json.dumps(models).encode())
    return judge_registration(device.register(CHALLENGE), CHALLENGE, PARTY, policy, now=NOW)


@pytest.mark.parametrize("mode", [AttestationMode.BOUND, AttestationMode.REQUIRED])
def test_a_trusted_model_is_known_by_name(mode: AttestationMode) -> None:
    made = registered(mode, attesting(MAKER))
    assert (made.model, made.aaguid) == ("Key 5", NAMED)


WRONG = {
    "nothing said": lambda: None,
    "another maker": lambda: attesting(STRANGER),
    "run out": lambda: attesting(MAKER, not_after=NOW - dt.timedelta(days=1)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_others_are_let_in_without_a_name_or_not_at_all(wrong: str) -> None:
    assert registered(AttestationMode.BOUND, WRONG[wrong]()).model is None
    with pytest.raises(PasskeyRefused):
        registered(AttestationMode.REQUIRED, WRONG[wrong]())


def test_an_unlisted_model_and_one_that_lies_about_itself() -> None:
    wrong = bytes(range(16))
    assert registered(AttestationMode.BOUND, attesting(MAKER, aaguid=wrong), aaguid=wrong).model is None
    with pytest.raises(PasskeyRefused):  # the certificate is of another model
        registered(AttestationMode.BOUND, attesting(MAKER, aaguid=wrong))
    assert registered(AttestationMode.NONE, attesting(MAKER, aaguid=wrong)).model is None


@pytest.mark.parametrize(
    ("mode", "models"),
    [
        (AttestationMode.REQUIRED, b""),
        (AttestationMode.NONE, b"[]"),
        (AttestationMode.NONE, b'{"x": {"name": "a", "roots": ["b"]}}'),
        (AttestationMode.NONE, f'{{"{NAMED}": {{"name": "a", "roots": []}}}}'.encode()),
        (AttestationMode.NONE, f'{{"{NAMED}": {{"name": "a", "roots": ["no certificate"]}}}}'.encode()),
    ],
)
def test_a_list_of_models_that_cannot_be_is_told_at_the_start(mode: AttestationMode, models: bytes) -> None:
    with pytest.raises(ValueError, match="models of authenticators"):
        read_policy(mode, models)
