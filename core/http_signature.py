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
from collections.abc import Mapping

_COVERED = '("@method" "@target-uri" "content-digest")'
_INPUT = re.compile(
    rf'sig1=({re.escape(_COVERED)};created=([0-9]{{1,12}});keyid="([A-Za-z0-9._-]{{1,64}})";alg="hmac-sha256")',
    re.ASCII,
)


def signature_headers(
    method: str, url: str, body: bytes, *, key_id: str, key: bytes, at: dt.datetime
) -> dict[str, str]:
    """The three headers that sign a request."""
    digest = _content_digest(body)
    params = f'{_COVERED};created={int(at.timestamp())};keyid="{key_id}";alg="hmac-sha256"'
    value = base64.b64encode(_mac(key, method, url, digest, params)).decode()
    return {"Content-Digest": digest, "Signature-Input": f"sig1={params}", "Signature": f"sig1=:{value}:"}


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
    """Whether the request was signed under one of `keys` (by id) within `most_age` seconds.

    Args:
        headers: by name in lower case.
    """
    found = _INPUT.fullmatch(headers.get("signature-input", ""))
    if found is None or found[3] not in keys or abs(now.timestamp() - int(found[2])) > most_age:
        return False
    digest = _content_digest(body)
    value = base64.b64encode(_mac(keys[found[3]], method, url, digest, found[1])).decode()
    sent = headers.get("signature", "").encode()
    return headers.get("content-digest") == digest and hmac.compare_digest(sent, f"sig1=:{value}:".encode())


def _content_digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _mac(key: bytes, method: str, url: str, digest: str, params: str) -> bytes:
    base = f'"@method": {method}\n"@target-uri": {url}\n"content-digest": {digest}\n"@signature-params": {params}'
    return hmac.digest(key, base.encode(), "sha256")
