"""SignedData of GM/T 0010 by other hands: structures in asn1crypto, put together and read without our own code."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, ClassVar

from asn1crypto import core, x509

DATA, SIGNED_DATA = "1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2"
SM3, SM2_WITH_SM3, SM2_SIGNING = "1.2.156.10197.1.401", "1.2.156.10197.1.501", "1.2.156.10197.1.301.1"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"


class Algorithm(core.Sequence):
    _fields: ClassVar = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class Algorithms(core.SetOf):
    _child_spec = Algorithm


class Content(core.Sequence):
    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", core.OctetString, {"explicit": 0, "optional": True}),
    ]


class Certificates(core.SetOf):
    _child_spec = x509.Certificate


class Values(core.SetOf):
    _child_spec = core.Any


class Attribute(core.Sequence):
    _fields: ClassVar = [("type", core.ObjectIdentifier), ("values", Values)]


class Attributes(core.SetOf):
    _child_spec = Attribute


class IssuerAndSerial(core.Sequence):
    _fields: ClassVar = [("issuer", x509.Name), ("serial", core.Integer)]


class Signer(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("named", IssuerAndSerial),
        ("digest", Algorithm),
        ("attributes", Attributes, {"implicit": 0, "optional": True}),
        ("algorithm", Algorithm),
        ("signature", core.OctetString),
        ("unsigned", Attributes, {"implicit": 1, "optional": True}),
    ]


class Signers(core.SetOf):
    _child_spec = Signer


class SignedDataSpec(core.Sequence):
    _fields: ClassVar = [
        ("version", core.Integer),
        ("digests", Algorithms),
        ("content", Content),
        ("certificates", Certificates, {"implicit": 0, "optional": True}),
        ("crls", Values, {"implicit": 1, "optional": True}),
        ("signers", Signers),
    ]


class ContainerSpec(core.Sequence):
    _fields: ClassVar = [
        ("content_type", core.ObjectIdentifier),
        ("content", SignedDataSpec, {"explicit": 0}),
    ]


def container(
    sign: Any,
    certificates: Sequence[bytes],
    *,
    content: bytes | None = None,
    attributes: bytes | None = None,
    signed: bytes | None = None,
    null: bool = False,
    algorithm: str = SM2_WITH_SM3,
    content_type: str = SIGNED_DATA,
    digest: str = SM3,
    named: bytes | None = None,
) -> bytes:
    """A container.

    Args:
        content: embedded in it.
        attributes: the digest that signed attributes shall have; None for no attributes.
        signed: what is signed, where it is neither the attributes nor the content.
        null: write NULL parameters, as some makers do.
        named: the certificate that the signer is named by, if not the first.
    """
    own = x509.Certificate.load(named or certificates[0])
    parameters = {"parameters": core.Null()} if null else {}
    signer: dict[str, Any] = {
        "version": 1,
        "named": {"issuer": own.issuer, "serial": own.serial_number},
        "digest": {"algorithm": digest, **parameters},
        "algorithm": {"algorithm": algorithm, **parameters},
    }
    message = content
    if attributes is not None:
        made = Attributes(
            [
                {"type": CONTENT_TYPE, "values": [core.ObjectIdentifier(DATA)]},
                {"type": MESSAGE_DIGEST, "values": [core.OctetString(attributes)]},
            ]
        )
        message = made.dump()
        signer["attributes"] = made
    signer["signature"] = sign(message if signed is None else signed)
    data: dict[str, Any] = {
        "version": 1,
        "digests": [{"algorithm": digest, **parameters}],
        "content": {"content_type": DATA, **({} if content is None else {"content": content})},
        "certificates": [x509.Certificate.load(one) for one in certificates],
        "signers": [signer],
    }
    return bytes(ContainerSpec({"content_type": content_type, "content": data}).dump())


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()
