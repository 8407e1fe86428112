"""The one form in which a password is hashed and compared (NIST SP 800-63B-4 §3.1.1.2; RFC 8265 §4.2).

The same password is typed as different code points by different keyboards; NFKC makes them one. White space around it
comes from copying and is dropped, at the choice of the password as at every log-in.
"""

from __future__ import annotations

import unicodedata

MIN_PASSWORD, MAX_PASSWORD = 8, 256


def normal_password(typed: str) -> str | None:
    """The form to hash or compare; None for what can be nobody's password, being too long or no Unicode text."""
    if len(typed) > MAX_PASSWORD * 2:
        return None
    normal = unicodedata.normalize("NFKC", typed).strip()
    try:
        normal.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    return normal if len(normal) <= MAX_PASSWORD else None
