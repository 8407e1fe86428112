"""How each algorithm of the table is computed on a PKCS#11 token (PKCS #11 v3.1 §6.1, §6.3): data, and two functions.

Tokens differ in what they can do, so they are asked. ECDSA takes the digest (CKM_ECDSA), which every token has; RSA
is left to the token with its digest where it can, and else given what is signed (RFC 8017 §9.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asn1crypto.core import OctetString, PrintableString
from asn1crypto.keys import PublicKeyInfo, RSAPublicKey
from pkcs11 import MGF, Attribute, KeyType, MechanismFlag
from pkcs11.mechanisms import Mechanism
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from keys.errors import KeyRefused
from keys.primitives.digests import check_length, hash_of
from keys.spec import ALGORITHMS, SignatureAlgorithm

_PSS_SHA256 = (Mechanism.SHA256, MGF.SHA256, 32)
_DIGEST_INFO = {  # RFC 8017 §9.2, notes
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
PRIVATE_TEMPLATE = {
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.PRIVATE: True,
    Attribute.MODIFIABLE: False,
    Attribute.SIGN: True,
    Attribute.DECRYPT: False,
    Attribute.UNWRAP: False,
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to sign.

    Attributes:
        mechanism: the token's part.
        parameter: of the mechanism.
        hashed: whether the digest is computed here.
        prefix: what stands before the digest then.
    """

    mechanism: Mechanism
    parameter: Any = None
    hashed: bool = False
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Family:
    """How keys of one kind are made, and how they sign: the first way that the token has."""

    key_type: KeyType
    generation: Mechanism
    ways: tuple[Way, ...]


def _rsa(name: str, mechanism: Mechanism) -> Family:
    raw = Way(Mechanism.RSA_PKCS, hashed=True, prefix=_DIGEST_INFO[name])
    return Family(KeyType.RSA, Mechanism.RSA_PKCS_KEY_PAIR_GEN, (Way(mechanism), raw))


_EC = Family(KeyType.EC, Mechanism.EC_KEY_PAIR_GEN, (Way(Mechanism.ECDSA, hashed=True),))
FAMILIES: dict[SignatureAlgorithm, Family] = {
    SignatureAlgorithm.ES256: _EC,
    SignatureAlgorithm.ES384: _EC,
    SignatureAlgorithm.RS256: _rsa("sha256", Mechanism.SHA256_RSA_PKCS),
    SignatureAlgorithm.RS384: _rsa("sha384", Mechanism.SHA384_RSA_PKCS),
    SignatureAlgorithm.RS512: _rsa("sha512", Mechanism.SHA512_RSA_PKCS),
    SignatureAlgorithm.PS256: Family(
        KeyType.RSA,
        Mechanism.RSA_PKCS_KEY_PAIR_GEN,
        (
            Way(Mechanism.SHA256_RSA_PKCS_PSS, _PSS_SHA256),
            Way(Mechanism.RSA_PKCS_PSS, _PSS_SHA256, hashed=True),
        ),
    ),
    SignatureAlgorithm.EDDSA: Family(KeyType.EC_EDWARDS, Mechanism.EC_EDWARDS_KEY_PAIR_GEN, (Way(Mechanism.EDDSA),)),
}
_CURVES = {SignatureAlgorithm.ES256: "secp256r1", SignatureAlgorithm.ES384: "secp384r1"}


@dataclass(frozen=True, slots=True)
class Offer:
    """What one token does for one algorithm: the way to sign, the sizes of keys that it makes and uses, and the way to
    sign what was hashed elsewhere, if it has one."""

    way: Way
    least: int
    most: int
    digest_way: Way | None = None

    def fits(self, bits: int) -> bool:
        return self.least <= bits <= self.most


def offers(slot: Any) -> Mapping[SignatureAlgorithm, Offer]:
    """What the token in this slot can do."""
    there = slot.get_mechanisms()
    found = {}
    for algorithm, family in FAMILIES.items():
        if family.generation not in there:
            continue
        making = slot.get_mechanism_info(family.generation)
        for way in family.ways:
            if way.mechanism in there:
                signing = slot.get_mechanism_info(way.mechanism)
                least = max(making.min_key_length, signing.min_key_length)
                offer = Offer(way, least, making.max_key_length, _digest_way(slot, family))
                if signing.flags & MechanismFlag.SIGN and any(offer.fits(rule.bits) for rule in _sizes(algorithm)):
                    found[algorithm] = offer
                    break
    return found


def _digest_way(slot: Any, family: Family) -> Way | None:
    there = slot.get_mechanisms()
    return next(
        (
            way
            for way in family.ways
            if way.hashed
            and way.mechanism in there
            and slot.get_mechanism_info(way.mechanism).flags & MechanismFlag.SIGN
        ),
        None,
    )


def _sizes(algorithm: SignatureAlgorithm) -> Any:
    return ALGORITHMS[algorithm].sizes


def sign(key: Any, algorithm: SignatureAlgorithm, way: Way, message: bytes) -> bytes:
    """The signature, in the form of `keys.ports.Signer.sign`."""
    if way.hashed:
        message = way.prefix + hashlib.new(ALGORITHMS[algorithm].digest, message).digest()
    return _signed(key, algorithm, way, message)


def sign_digest(key: Any, algorithm: SignatureAlgorithm, way: Way, digest: bytes) -> bytes:
    """The signature over what has this digest, in the form of `keys.ports.Signer.sign`; `way` is a hashed one.

    Raises:
        KeyRefused: the digest has another length than the algorithm's.
    """
    check_length(digest, hash_of(ALGORITHMS[algorithm].digest))
    return _signed(key, algorithm, way, way.prefix + digest)


def _signed(key: Any, algorithm: SignatureAlgorithm, way: Way, message: bytes) -> bytes:
    made: bytes = key.sign(message, mechanism=way.mechanism, mechanism_param=way.parameter)
    if ALGORITHMS[algorithm].family == "ecdsa":
        made = encode_ecdsa_signature(made)
    return made


def generate(session: Any, algorithm: SignatureAlgorithm, bits: int, *, identifier: bytes, label: str) -> Any:
    """Make a pair on the token; the public key object."""
    names = {"id": identifier, "label": label, "store": True}
    public = {Attribute.VERIFY: True, Attribute.ENCRYPT: False, Attribute.WRAP: False}
    options = {**names, "public_template": public, "private_template": PRIVATE_TEMPLATE}
    options["capabilities"] = MechanismFlag.SIGN | MechanismFlag.VERIFY
    family = FAMILIES[algorithm]
    if family.key_type is KeyType.RSA:
        made, _ = session.generate_keypair(KeyType.RSA, bits, **options)
        return made
    curve = encode_named_curve_parameters(_CURVES[algorithm]) if algorithm in _CURVES else _ED25519
    parameters = session.create_domain_parameters(family.key_type, {Attribute.EC_PARAMS: curve}, local=True)
    made, _ = parameters.generate_keypair(**options)
    return made


_ED25519 = PrintableString("edwards25519").dump()  # PKCS #11 v3.1 §6.3.3; RFC 8410's OID is newer than most tokens
_ED25519_INFO = bytes.fromhex("302a300506032b6570032100")  # RFC 8410 §4: all of it but the 32 octets of the key


def public_key_of(key: Any) -> bytes:
    """SubjectPublicKeyInfo in DER, of a public key object or of an RSA private one, which knows its modulus.

    Raises:
        KeyRefused: a kind of key that the table does not have.
    """
    kind = key.key_type
    made = b""
    if kind is KeyType.RSA:
        made = PublicKeyInfo.wrap(RSAPublicKey.load(encode_rsa_public_key(key)), "rsa").dump()
    elif kind is KeyType.EC:
        made = encode_ec_public_key(key)
    elif kind is KeyType.EC_EDWARDS:
        point = bytes(key[Attribute.EC_POINT])  # in an OCTET STRING, or bare
        made = _ED25519_INFO + (point if len(point) == 32 else bytes(OctetString.load(point)))
    if not made:
        raise KeyRefused(f"a key of the type {kind} on a token")
    return made
