"""A list in the clear with its publisher's signature: flattened JWS over canonical JSON (RFC 7515 §7.2.2).

A reader pins the publisher's key beforehand: what the header says about keys chooses nothing.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Annotated

import msgspec

from core.text import Text
from keys.errors import SignatureRefused
from keys.ports import Signer
from keys.primitives import base64url
from keys.primitives.registry import primitive
from keys.spec import SignatureAlgorithm, Use
from keys.trust.documents import LARGEST, read_document, write_document
from keys.trust.errors import TrustListRefused
from keys.trust.model import TrustList
from keys.trust.path import usable_key
from keys.verification import check_signature

TYPE = "yizheng-trust-list"
MEDIA_TYPE = "application/jose+json"

_Part = Annotated[str, msgspec.Meta(max_length=2 * LARGEST)]


class _Jws(msgspec.Struct, forbid_unknown_fields=True):
    payload: _Part
    protected: Annotated[str, msgspec.Meta(max_length=2000)]
    signature: Annotated[str, msgspec.Meta(max_length=4000)]


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    alg: SignatureAlgorithm
    kid: str
    typ: str


async def sign_list(trust_list: TrustList, signer: Signer) -> bytes:
    """
    Raises:
        core.errors.Unavailable: the signer's device does not answer.
    """
    header = {"alg": str(signer.algorithm), "kid": signer.key_id, "typ": TYPE}
    protected = base64url.encode(json.dumps(header, separators=(",", ":")).encode())
    payload = base64url.encode(write_document(trust_list))
    message = f"{protected}.{payload}".encode()
    signed = await asyncio.to_thread(signer.sign, message) if signer.blocking else signer.sign(message)
    signature = base64url.encode(primitive(signer.algorithm).to_jose(signed))
    return json.dumps(
        {"payload": payload, "protected": protected, "signature": signature}, separators=(",", ":")
    ).encode()


def read_signed_list(data: bytes, public_key: bytes, *, at: dt.datetime) -> TrustList:
    """
    Args:
        public_key: the publisher's, pinned: SubjectPublicKeyInfo in DER.
        at: now; the key's algorithm must count for statements.

    Raises:
        TrustListRefused: `document`, or `signature` when the pinned key did not sign it.
    """
    try:
        if len(data) > 2 * LARGEST:
            raise ValueError("too large")
        jws = msgspec.json.decode(data, type=_Jws)
        header = msgspec.json.decode(base64url.decode(jws.protected), type=_Header)
        signature, payload = base64url.decode(jws.signature), base64url.decode(jws.payload)
    except (ValueError, RecursionError):
        text = Text("这不是有效的信任列表文件。", "This is no trust list that can be accepted.")
        raise TrustListRefused("document", text, private="document: not a signed list") from None
    try:
        if header.typ != TYPE or usable_key(public_key, header.alg) is None:
            raise SignatureRefused("made for something else, or by another key")
        der = primitive(header.alg).from_jose(signature)
        message = f"{jws.protected}.{jws.payload}".encode()
        check_signature(public_key, header.alg, der, message, use=Use.STATEMENT, at=at)
    except (SignatureRefused, ValueError):
        raise not_signed() from None
    return read_document(payload)


def not_signed() -> TrustListRefused:
    """The refusal of a list that the pinned publisher did not sign."""
    text = Text(
        "信任列表不是由指定的发布者签名的，或签名后被改动。",
        "The trust list was not signed by the publisher that you named, or was changed afterwards.",
    )
    return TrustListRefused("signature", text)
