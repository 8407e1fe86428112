"""How the log names a signature whose document was not seen: by the signature's value, which stands in the file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from signing.verification.findings import find


def signature_names(file: bytes) -> Sequence[str]:
    """SHA-256, hexadecimal, of the value of every signature in a file that is whole; none for whatever is no PDF."""
    found, _ = find(file)
    return [
        hashlib.sha256(one.container.signature).hexdigest()
        for one in found.signatures
        if one.intact and one.container is not None
    ]
