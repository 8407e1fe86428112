"""SM2 by other hands: a pure-Python library, and the openssl command line (with `distid`, which it never assumes)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from asn1crypto.algos import DSASignature
from asn1crypto.core import Sequence
from asn1crypto.keys import PublicKeyInfo
from gmalg import SM2

USER_ID = b"1234567812345678"


def pure_accepts(public_key: bytes, signature: bytes, message: bytes, user_id: bytes = USER_ID) -> bool:
    """The verdict of gmalg, which has seen SubjectPublicKeyInfo and signature in DER."""
    point = public_key[-65:]
    try:
        numbers = DSASignature.load(signature, strict=True)
        r, s = (int(numbers[name].native).to_bytes(32, "big") for name in ("r", "s"))
    except (ValueError, OverflowError):
        return False
    return bool(SM2(pk=point, uid=user_id).verify(message, r, s))


def pure_signature(private: bytes, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """A signature by gmalg, DER. `private` is the number of 32 octets."""
    r, s = SM2(sk=private, uid=user_id).sign(message)
    made = DSASignature({"r": int.from_bytes(r, "big"), "s": int.from_bytes(s, "big")})
    return bytes(made.dump())


def openssl_accepts(public_key: bytes, signature: bytes, message: bytes, user_id: bytes = USER_ID) -> bool:
    """The verdict of `openssl dgst -sm3 -verify`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in (("public", public_key), ("signature", signature), ("message", message)):
            (folder / file).write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "public", "-rawin"]
        command += ["-digest", "sm3", "-in", "message", "-sigfile", "signature"]
        command += ["-pkeyopt", f"distid:{user_id.decode('ascii')}"]
        return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


def scalar_of(pkcs8: bytes) -> bytes:
    """The private number of a PrivateKeyInfo, by asn1crypto."""
    outer = Sequence.load(pkcs8)
    inner = Sequence.load(bytes(outer[2].native))
    return bytes(inner[1].native)


def curve_of(public_key: bytes) -> str:
    """The dotted OID of a SubjectPublicKeyInfo's curve."""
    return str(PublicKeyInfo.load(public_key)["algorithm"]["parameters"].chosen.dotted)
