"""Signs and checks HTTP requests under a shared key.

RFC 9421 (HTTP Message Signatures) with `hmac-sha256`, RFC 9530 (Content-Digest). What is covered: method, address,
digest of the body and the moment; so a recorded request can be used neither later nor for another address or body.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

_COVERED = '("@method" "@target-uri" "content-digest")'
_MOST = 4
_INPUT = re.compile(
    rf"(?P<label>sig[1-9])=(?P<params>{re.escape(_COVERED)};created=(?P<created>[0-9]{{1,12}})"
    r';keyid="(?P<key>[A-Za-z0-9._-]{1,64})";alg="hmac-sha256")',
    re.ASCII,
)


def signature_headers(
    method: str, url: str, body: bytes, *, key_id: str, key: bytes, at: dt.datetime
) -> dict[str, str]:
    """The three headers that sign a request."""
    return signed_under_each(method, url, body, keys=[(key_id, key)], at=at)


def signed_under_each(
    method: str, url: str, body: bytes, *, keys: Sequence[tuple[str, bytes]], at: dt.datetime
) -> dict[str, str]:
    """The same with one signature for each key (id, key), labelled `sig1`, `sig2`, … (RFC 9421 §4.3): while a key gives
    way to the next, a receiver checks the one that it knows."""
    digest = _content_digest(body)
    inputs, values = [], []
    for number, (key_id, key) in enumerate(keys, 1):
        params = f'{_COVERED};created={int(at.timestamp())};keyid="{key_id}";alg="hmac-sha256"'
        value = base64.b64encode(_mac(key, method, url, digest, params)).decode()
        inputs.append(f"sig{number}={params}")
        values.append(f"sig{number}=:{value}:")
    return {"Content-Digest": digest, "Signature-Input": ", ".join(inputs), "Signature": ", ".join(values)}


def is_signed(
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    keys: Mapping[str, bytes],
    now: dt.datetime,
    most_age: float = 60,
) -> bool:
    """Whether the request was signed under one of `keys` (by id) within `most_age` seconds; one good signature will do.

    Args:
        headers: by name in lower case.
    """
    digest = _content_digest(body)
    inputs, values = headers.get("signature-input", "").split(", "), headers.get("signature", "").split(", ")
    if headers.get("content-digest") != digest or len(inputs) != len(values) or len(inputs) > _MOST:
        return False
    for written, sent in zip(inputs, values, strict=True):
        found = _INPUT.fullmatch(written)
        if found is None or found["key"] not in keys or abs(now.timestamp() - int(found["created"])) > most_age:
            continue
        value = base64.b64encode(_mac(keys[found["key"]], method, url, digest, found["params"])).decode()
        if hmac.compare_digest(sent.encode(), f"{found['label']}=:{value}:".encode()):
            return True
    return False


def _content_digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _mac(key: bytes, method: str, url: str, digest: str, params: str) -> bytes:
    base = f'"@method": {method}\n"@target-uri": {url}\n"content-digest": {digest}\n"@signature-params": {params}'
    return hmac.digest(key, base.encode(), "sha256")
