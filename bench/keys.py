"""Signatures and verifications through our interfaces beside `openssl speed`: one core, processor time, interleaved.

Ours is `keys.ports.Signer.sign` and `PublicKey.verify`, as every user of a key calls them: a message of 200 octets
goes in, hashing included. `openssl speed` does the bare operation on a digest, by the openssl of the machine, which
is not the one that pyca/cryptography brings; so both versions stand in the name of the peer.

Other parts of `keys` measure in modules of their own, named in `PARTS`.
"""

from __future__ import annotations

import importlib
import os
import statistics
import subprocess
import time
from collections.abc import Callable

from cryptography.hazmat.backends.openssl import backend

from bench.report import Row, rate
from keys.backends.software import SoftwareBackend
from keys.ports import Signer
from keys.spec import SignatureAlgorithm
from keys.verification import load_verification_key

PARTS: tuple[str, ...] = ("bench.keys_fields", "bench.keys_ocsp", "bench.keys_ring", "bench.keys_tsa")
"""Modules whose `measure() -> list[Row]` belongs to this benchmark."""

ROUNDS, SECONDS = 3, 1
MESSAGE = bytes(range(200))
_KEYS = (
    ("rsa2048", SignatureAlgorithm.RS256, 2048, "rsa2048"),
    ("rsa3072", SignatureAlgorithm.RS256, 3072, "rsa3072"),
    ("rsa4096", SignatureAlgorithm.RS256, 4096, "rsa4096"),
    ("pss2048", SignatureAlgorithm.PS256, 2048, "rsa2048"),
    ("p256", SignatureAlgorithm.ES256, 256, "ecdsap256"),
    ("p384", SignatureAlgorithm.ES384, 384, "ecdsap384"),
    ("ed25519", SignatureAlgorithm.EDDSA, 256, "ed25519"),
)


def measure() -> list[Row]:
    """Rows `sign.*` and `verify.*`, then those of the parts."""
    rows = [row for name, algorithm, bits, peer in _KEYS for row in _measure_key(name, algorithm, bits, peer)]
    for part in PARTS:
        rows += importlib.import_module(part).measure()
    return rows


def _measure_key(name: str, algorithm: SignatureAlgorithm, bits: int, peer_name: str) -> list[Row]:
    signer = _signer(algorithm, bits)
    key = load_verification_key(signer.public_key, algorithm)
    signature = signer.sign(MESSAGE)
    assert key.verify(signature, MESSAGE)
    signing, verifying, peer_signing, peer_verifying = [], [], [], []
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})  # both on the same core; the peer inherits it
    try:
        for _ in range(ROUNDS):
            signing.append(_per_second(lambda: signer.sign(MESSAGE)))
            verifying.append(_per_second(lambda: key.verify(signature, MESSAGE)))
            theirs = _openssl_speed(peer_name)
            peer_signing.append(theirs[0])
            peer_verifying.append(theirs[1])
    finally:
        os.sched_setaffinity(0, cores)
    median = statistics.median
    peer = f"{_openssl_version()} (ours: {backend.openssl_version_text().split()[1]})"
    return [
        rate(f"sign.{name}", median(signing), "1/s", peer, median(peer_signing)),
        rate(f"verify.{name}", median(verifying), "1/s", peer, median(peer_verifying)),
    ]


def _signer(algorithm: SignatureAlgorithm, bits: int) -> Signer:
    backend = SoftwareBackend()
    made = backend.generate(algorithm, bits=bits, label="bench")
    return backend.open(made.uri, algorithm, made.public_key, made.private)


def _per_second(call: Callable[[], object]) -> float:
    """Calls per second of processor time."""
    count, batch = 0, 50
    start = time.process_time()
    while (spent := time.process_time() - start) < SECONDS:
        for _ in range(batch):
            call()
        count += batch
    return count / spent


def _openssl_speed(name: str) -> tuple[float, float]:
    """Signatures and verifications per second of processor time; see `openssl speed -mr`."""
    command = ["openssl", "speed", "-mr", "-seconds", str(SECONDS), name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("+F"))
    signing, verifying = line.split(":")[-2:]
    return float(signing), float(verifying)


def _openssl_version() -> str:
    done = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    return "openssl speed " + done.stdout.split()[1]
