"""What an authenticator proves about its own model (W3C WebAuthn L3 §6.5, §7.1 steps 21–24)."""

from __future__ import annotations

import datetime as dt
import itertools

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from fido2.attestation.base import Attestation, InvalidAttestation
from fido2.webauthn import AttestationObject

from keys.passkeys.answers import UNREADABLE
from keys.passkeys.model import AttestationMode, AttestationPolicy, AuthenticatorModel, PasskeyRefused

_LONGEST_PATH = 5


def attested_model(
    attestation: AttestationObject, client_data_hash: bytes, policy: AttestationPolicy, *, now: dt.datetime
) -> AuthenticatorModel | None:
    """The trusted model that made the key; None where that was not proved, or not asked.

    Raises:
        PasskeyRefused: a statement that does not hold; or none that does, where one is required.
    """
    if policy.mode is AttestationMode.NONE:
        return None
    made = attestation.auth_data.credential_data
    model = None if made is None else policy.models.get(str(made.aaguid).lower())
    path = _verified_path(attestation, client_data_hash)
    if model is not None and path and _leads_to(path, model.roots, now):
        return model
    if policy.mode is AttestationMode.REQUIRED:
        raise PasskeyRefused("not a model that is let in")
    return None


def _verified_path(attestation: AttestationObject, client_data_hash: bytes) -> list[x509.Certificate]:
    """The certificates that came along, the authenticator's first; empty for a self attestation and for none."""
    if attestation.fmt == "none":
        return []
    try:
        verifier = Attestation.for_type(attestation.fmt)()
        result = verifier.verify(attestation.att_stmt, attestation.auth_data, client_data_hash)
        return [x509.load_der_x509_certificate(one) for one in result.trust_path[:_LONGEST_PATH]]
    except (InvalidAttestation, InvalidSignature, *UNREADABLE) as error:
        raise PasskeyRefused(f"attestation: {type(error).__name__}") from None


def _leads_to(path: list[x509.Certificate], roots: tuple[bytes, ...], now: dt.datetime) -> bool:
    """Whether each certificate is issued by the next, and the last one by a root or itself one."""
    if any(not one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in path):
        return False
    if not all(_issued(child, issuer) for child, issuer in itertools.pairwise(path)):
        return False
    trusted = [x509.load_der_x509_certificate(one) for one in roots]
    return any(path[-1] == root or _issued(path[-1], root) for root in trusted)


def _issued(child: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        if not authority:
            return False
        child.verify_directly_issued_by(issuer)
    except (InvalidSignature, x509.ExtensionNotFound, *UNREADABLE):
        return False
    return True
