"""Rules about algorithms and keys: what we can sign, verify and encrypt with what the client says of itself.

OpenID Connect Registration §2; RFC 7591 §2; RFC 8705 §2; RFC 9101 §10; RFC 9701 §6; JARM §3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from idp.client_metadata import SecurityProfile
from idp.clients.description import ClientDescription
from idp.clients.policy import RegistrationPolicy
from idp.clients.rules.refusals import refused
from idp.model import ClientAuthMethod
from idp.profiles.rules import NATIONAL, RULES
from keys.errors import KeyRefused
from keys.jose.jwe_content import ContentEncryption
from keys.jose.jwe_keys import KeyManagement
from keys.jose.jwk import TOKEN_PURPOSES
from keys.jose.jwk_set import JwkSet, read_jwk_set
from keys.jose.mac_tokens import MacAlgorithm
from keys.spec import ALGORITHMS, SignatureAlgorithm
from keys.trust.written_names import read_written_name

OURS = frozenset(str(algorithm) for algorithm in TOKEN_PURPOSES)
"""Algorithms that we sign with."""

THEIRS = frozenset(str(row.algorithm) for row in ALGORITHMS.values() if row.tokens) - NATIONAL
"""Algorithms by which clients may sign; `none` is not among them."""

ON_REQUEST = frozenset(map(str, NATIONAL))
"""Those that either side may sign with where the deployment offers them; `clients.offered` asks whether it does."""

STRONG = frozenset(str(algorithm) for algorithm in RULES[SecurityProfile.FAPI2].algorithms)
"""Those of them that backchannel requests may be signed by, in every profile (FAPI CIBA §5.2.2)."""

WITH_SECRET = frozenset(str(algorithm) for algorithm in MacAlgorithm)
"""Algorithms by which clients may sign with their secret (RFC 7518 §3.2)."""

_TLS_SUBJECTS = ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")
_ENCRYPTED = ("id_token", "userinfo", "authorization", "introspection")


def check_signed_by_us(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata = new.metadata
    signed = {
        "id_token_signed_response_alg": str(new.id_token_alg),
        "userinfo_signed_response_alg": metadata.userinfo_signed_response_alg,
        "authorization_signed_response_alg": metadata.authorization_signed_response_alg,
        "introspection_signed_response_alg": metadata.introspection_signed_response_alg,
    }
    for field, algorithm in signed.items():
        if algorithm is not None and algorithm not in OURS | ON_REQUEST:
            raise refused(field, f"must be one of {', '.join(sorted(OURS))}")


def check_signed_by_them(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata = new.metadata
    for field, accepted in (
        ("request_object_signing_alg", THEIRS | ON_REQUEST),
        ("backchannel_authentication_request_signing_alg", STRONG),  # CIBA Core §4: asymmetric only
    ):
        algorithm = getattr(metadata, field)
        if algorithm is not None and algorithm not in accepted:
            raise refused(field, f"must be one of {', '.join(sorted(accepted - ON_REQUEST))}")
        if algorithm is not None:
            check_has_key(new, field, algorithm)
    if metadata.require_signed_request_object and metadata.request_object_signing_alg is None:
        check_has_keys(new, "require_signed_request_object")


def check_assertions(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """OIDC Core §9: the method decides which algorithms there are."""
    algorithm, field = new.metadata.token_endpoint_auth_signing_alg, "token_endpoint_auth_signing_alg"
    if new.auth_method is ClientAuthMethod.PRIVATE_KEY_JWT:
        if algorithm is not None and algorithm not in THEIRS | ON_REQUEST:
            raise refused(field, f"must be one of {', '.join(sorted(THEIRS))}")
        check_has_key(new, "token_endpoint_auth_method", algorithm)
    elif new.auth_method is ClientAuthMethod.SECRET_JWT:
        if algorithm is not None and algorithm not in WITH_SECRET:
            raise refused(field, f"must be one of {', '.join(sorted(WITH_SECRET))}")
    elif algorithm is not None:
        raise refused(field, "goes with private_key_jwt and client_secret_jwt only")


def check_certificates(new: ClientDescription, policy: RegistrationPolicy) -> None:
    given = [name for name in _TLS_SUBJECTS if getattr(new.metadata, f"tls_client_auth_{name}") is not None]
    if new.auth_method is ClientAuthMethod.TLS:
        if len(given) != 1:  # RFC 8705 §2.1.2: exactly one
            raise refused("token_endpoint_auth_method", "tls_client_auth takes exactly one subject of a certificate")
    elif given:
        raise refused(f"tls_client_auth_{given[0]}", "goes with tls_client_auth only")
    _check_subject(new.metadata.tls_client_auth_subject_dn)
    if new.auth_method is ClientAuthMethod.SELF_SIGNED_TLS:  # RFC 8705 §2.2.2
        check_has_keys(new, "token_endpoint_auth_method")
        jwks = new.metadata.jwks
        if jwks is not None and not any(key.certificate for key in _key_set(jwks).keys):
            raise refused("jwks", "needs a key with its certificate, as x5c or x5t#S256")


def _check_subject(written: str | None) -> None:
    if written is None:
        return
    try:
        read_written_name(written)
    except ValueError as error:
        raise refused("tls_client_auth_subject_dn", f"is no distinguished name (RFC 4514): {error}") from None


def check_key_set(new: ClientDescription, policy: RegistrationPolicy) -> None:
    metadata = new.metadata
    if metadata.jwks is None:
        return
    if metadata.jwks_uri is not None:  # RFC 7591 §2: MUST NOT both be present
        raise refused("jwks", "and jwks_uri exclude each other")
    found = _key_set(metadata.jwks)
    if found.left_out:
        raise refused("jwks", f"holds a key that cannot be used: {found.left_out[0]}")
    names = [key.key_id for key in found.keys if key.key_id is not None]
    if len(set(names)) != len(names):
        raise refused("jwks", "names two keys alike")


def check_encryption(new: ClientDescription, policy: RegistrationPolicy) -> None:
    """Encrypted to the client, and, with `request_object_…`, by the client to us."""
    for kind in _ENCRYPTED:
        algorithm = _check_pair(new, f"{kind}_encrypted_response_alg", f"{kind}_encrypted_response_enc")
        if algorithm is not None:
            _check_can_encrypt(new, f"{kind}_encrypted_response_alg", algorithm)
    if (to_us := _check_pair(new, "request_object_encryption_alg", "request_object_encryption_enc")) is not None:
        _check_can_decrypt("request_object_encryption_alg", to_us)
    metadata = new.metadata
    for kind in ("authorization", "introspection"):  # JARM §3, RFC 9701 §5: signed, then encrypted
        encrypted = getattr(metadata, f"{kind}_encrypted_response_alg")
        if encrypted is not None and getattr(metadata, f"{kind}_signed_response_alg") is None:
            raise refused(f"{kind}_encrypted_response_alg", f"needs {kind}_signed_response_alg")


def _check_pair(new: ClientDescription, alg_field: str, enc_field: str) -> str | None:
    algorithm, encryption = getattr(new.metadata, alg_field), getattr(new.metadata, enc_field)
    if algorithm is None:
        if encryption is not None:  # OIDC Registration §2
            raise refused(enc_field, f"needs {alg_field}")
        return None
    if algorithm not in set(KeyManagement):
        raise refused(alg_field, f"must be one of {', '.join(KeyManagement)}")
    if encryption is not None and encryption not in set(ContentEncryption):
        raise refused(enc_field, f"must be one of {', '.join(ContentEncryption)}")
    return str(algorithm)


def _check_can_decrypt(field: str, algorithm: str) -> None:
    """Our own key is for agreement on a curve."""
    choice = [one for one in KeyManagement if one.agrees]
    if algorithm not in choice:
        raise refused(field, f"must be one of {', '.join(choice)}")


def _check_can_encrypt(new: ClientDescription, field: str, algorithm: str) -> None:
    check_has_keys(new, field)
    if new.metadata.jwks is None:
        return
    kinds = {"EC"} if KeyManagement(algorithm).agrees else {"RSA"}
    found = _key_set(new.metadata.jwks).encrypting(algorithm)
    if not any(key.members.get("kty") in kinds for key in found):
        raise refused(field, "needs a key in jwks to encrypt to")


def check_has_keys(new: ClientDescription, field: str) -> None:
    if new.metadata.jwks is None and new.metadata.jwks_uri is None:
        raise refused(field, "needs jwks or jwks_uri")


def check_has_key(new: ClientDescription, field: str, algorithm: str | None) -> None:
    """Where the keys are here, one of them must fit; those at an address are looked at when they are used."""
    check_has_keys(new, field)
    if new.metadata.jwks is None:
        return
    wanted: Iterable[str] = THEIRS if algorithm is None else (algorithm,)
    found = _key_set(new.metadata.jwks)
    if not any(found.verifying(SignatureAlgorithm(one), None) for one in wanted):
        raise refused(field, "needs a key in jwks that can verify signatures")


def _key_set(jwks: Mapping[str, Any]) -> JwkSet:
    try:
        return read_jwk_set(jwks)
    except KeyRefused as error:
        raise refused("jwks", f"cannot be read: {error.private}") from None
