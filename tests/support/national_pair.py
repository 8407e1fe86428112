"""SM2EnvelopedKey by other hands (asn1crypto, gmalg, openssl), and requests that openssl makes for SM2 keys."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from asn1crypto import core
from asn1crypto.algos import AlgorithmIdentifier
from gmalg import SM2, SM4

from tests.support.national_oracle import USER_ID

ECB = "1.2.156.10197.1.104.1"


class Cipher(core.Sequence):
    """SM2Cipher."""

    _fields: ClassVar = [
        ("x", core.Integer),
        ("y", core.Integer),
        ("hash", core.OctetString),
        ("text", core.OctetString),
    ]


class Enveloped(core.Sequence):
    """SM2EnvelopedKey."""

    _fields: ClassVar = [
        ("algorithm", AlgorithmIdentifier),
        ("cipher", Cipher),
        ("public", core.OctetBitString),
        ("private", core.OctetBitString),
    ]


@dataclass(frozen=True)
class Parts:
    """What an enveloped key is made of; a test changes what it is about."""

    secret: bytes
    once: bytes = bytes(range(16))
    algorithm: str = ECB
    parameters: core.Asn1Value | None = None

    def enveloped(self, point: bytes, recipient: bytes) -> bytes:
        """By the other hand.

        Args:
            point: 04 || X || Y of the key in it.
            recipient: 04 || X || Y of the key that it is for.
        """
        octets = SM2(pk=recipient).encrypt(self.once)
        cipher = Cipher(
            {
                "x": int.from_bytes(octets[1:33], "big"),
                "y": int.from_bytes(octets[33:65], "big"),
                "hash": octets[65:97],
                "text": octets[97:],
            }
        )
        algorithm = {"algorithm": self.algorithm} | ({"parameters": self.parameters} if self.parameters else {})
        return bytes(
            Enveloped(
                {
                    "algorithm": AlgorithmIdentifier(algorithm),
                    "cipher": cipher,
                    "public": point,
                    "private": _blocks(SM4(self.once).encrypt, self.secret),
                }
            ).dump()
        )


def opened(enveloped: bytes, secret: bytes) -> tuple[bytes, bytes]:
    """Private number and point in it, by the other hand; `secret` is the number that opens it."""
    read = Enveloped.load(enveloped, strict=True)
    x, y = (int(read["cipher"][name].native).to_bytes(32, "big") for name in ("x", "y"))
    octets = b"\x04" + x + y + read["cipher"]["hash"].native + read["cipher"]["text"].native
    once = SM2(sk=secret).decrypt(octets)
    return _blocks(SM4(once).decrypt, read["private"].native), read["public"].native


def openssl_opens(enveloped: bytes, private: bytes, folder: Path) -> bytes:
    """The SM4 key in it, by `openssl pkeyutl`."""
    (folder / "cipher").write_bytes(Enveloped.load(enveloped, strict=True)["cipher"].dump())
    (folder / "private").write_bytes(private)
    command = ["openssl", "pkeyutl", "-decrypt", "-keyform", "DER", "-inkey", "private", "-in", "cipher"]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def openssl_request(folder: Path, name: str = "a", *, user_id: bytes = USER_ID, subject: str = "/CN=else") -> Path:
    """A request for an SM2 key in `NAME.key`, signed under a user ID."""
    file, key = folder / f"{name}.csr", folder / f"{name}.key"
    made = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out", str(key)]
    subprocess.run(made, check=True, capture_output=True)
    command = ["openssl", "req", "-new", "-sm3", "-key", str(key), "-subj", subject, "-out", str(file)]
    subprocess.run([*command, "-sigopt", f"distid:{user_id.decode()}"], check=True, capture_output=True)
    return file


def openssl_private(folder: Path, name: str = "a") -> bytes:
    """The key of a request, PrivateKeyInfo in DER."""
    command = ["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", str(folder / f"{name}.key"), "-outform", "DER"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _blocks(one: object, octets: bytes) -> bytes:
    """ECB: each block by itself."""
    assert callable(one)
    return b"".join(bytes(one(octets[start : start + 16])) for start in range(0, len(octets), 16))
