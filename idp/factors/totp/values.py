"""One-time passwords as authenticator apps compute them.

RFC 4226 §5.3 (HOTP), RFC 6238 §4 (TOTP), the `otpauth` address that apps read from a QR code. SHA-1, six digits and
thirty seconds are what every app knows; the collisions of SHA-1 do not touch HMAC.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
from typing import Final
from urllib.parse import quote, urlencode

DIGITS: Final = 6
SECONDS: Final = 30
SECRET_BYTES: Final = 20  # RFC 4226 §4 R6: 128 bits are demanded, 160 recommended
_WINDOW = (0, -1, 1)  # RFC 6238 §5.2: one step for a slow hand, one for a clock that is ahead


def step_at(moment: dt.datetime) -> int:
    """The number of the time step (RFC 6238 §4.2)."""
    return int(moment.timestamp()) // SECONDS


def code_of(secret: bytes, step: int) -> str:
    """The code of a step."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: bytes, code: str, moment: dt.datetime, *, after: int) -> int | None:
    """The step whose code this is, among those that count now.

    Args:
        after: the last step that was used; a code counts once, and none before it (RFC 6238 §5.2; attacks O-55).
    """
    now, found = step_at(moment), None
    for offset in _WINDOW:
        step = now + offset
        if hmac.compare_digest(code_of(secret, step).encode(), code.encode()) and step > after:
            found = step
    return found


def spelled(secret: bytes) -> str:
    """For typing into an app, in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def otpauth_address(secret: bytes, *, issuer: str, label: str) -> str:
    """What the QR code holds."""
    text = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode(
        {"secret": text, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": SECONDS}, quote_via=quote
    )
    return f"otpauth://totp/{quote(issuer, safe='')}:{quote(label, safe='')}?{query}"
