"""Documents that stay at home: what is sent is their digest, what comes back goes into the file (PAdES)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class PreparedFile(Protocol):
    """A PDF with room for a signature; whoever writes it knows where the digest leaves the room out.

    The service's own writer is `signing.digests.local.prepare_file`; any other that follows ISO 32000-1 §12.8 will do.
    """

    def digest(self, name: str) -> bytes:
        """Of everything but the room; `name` as `hashlib` has it."""

    def fill(self, value: bytes) -> bytes:
        """The file with the signature in its room."""


@dataclass(frozen=True, slots=True)
class DigestTerms:
    """What it takes to prepare a file.

    Attributes:
        signer: for `/Name` of the signature dictionary.
        algorithm: of the digest, as `hashlib` names it.
        octets: room for the signature.
        width_mm, height_mm: of the seal's picture.
        picture: PDF operators, deflated; unit 1 mm, origin at the centre, y upwards.
        certificates: DER, the seal's own first.
    """

    seal: str
    signer: str
    algorithm: str
    octets: int
    width_mm: float
    height_mm: float
    picture: bytes = field(repr=False)
    certificates: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedDigest:
    """A signature (CMS, DER), and the name of its entry in the ledger."""

    container: bytes = field(repr=False)
    signature_id: str
    level: str


def terms_of(answer: Mapping[str, Any]) -> DigestTerms:
    """From `GET /v1/digest-signatures/terms`."""
    image = answer["image"]
    return DigestTerms(
        seal=str(answer["seal"]),
        signer=str(answer["signer"]),
        algorithm=str(answer["algorithm"]),
        octets=int(answer["octets"]),
        width_mm=float(image["width_mm"]),
        height_mm=float(image["height_mm"]),
        picture=base64.b64decode(image["content"]),
        certificates=tuple(base64.b64decode(one) for one in answer["certificates"]),
    )


def signed_of(answer: Mapping[str, Any]) -> SignedDigest:
    """From `POST /v1/digest-signatures`."""
    return SignedDigest(base64.b64decode(answer["container"]), str(answer["id"]), str(answer["level"]))
