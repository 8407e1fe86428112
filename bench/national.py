"""National algorithms on one core, by processor time: SM2 beside the library's own loop, rows under SM4 beside AES.

`sign.sm2` and `verify.sm2` go the way of every key (`keys.backends`, `keys.verification`) over messages of 1 KiB, the
user ID's digest included; their peer is `openssl speed sm2` of the same library, which signs digests. `lookup.sm4`
finds an account by its ID number through the blind index and opens two of its values. Rows of PDFs are in
`bench.national_pdf`, those of OFDs in `bench.national_ofd` and `bench.national_ofd_sealing`.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench import audit_chain, national_ofd, national_ofd_sealing, national_pdf
from bench.keys_fields import ROUNDS, OneSecret, Rows, calls_per_second, filled, reads_per_second
from bench.report import Row, rate
from keys.backends.software import SoftwareBackend
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.spec import SecretKind, SignatureAlgorithm
from keys.verification import load_verification_key

SM2_SM3 = SignatureAlgorithm.SM2_SM3
MESSAGE = secrets.token_bytes(1024)
_CALLS, _SM2_ROUNDS = 1_000, 5


def measure() -> list[Row]:
    """Rows `sign.sm2`, `verify.sm2`, `lookup.sm4`, `audit.…`; those of `bench.national_pdf` and of OFDs."""
    return [
        *_sm2(),
        *national_pdf.measure(),
        *national_ofd.measure(),
        *national_ofd_sealing.measure(),
        *asyncio.run(_lookup()),
        *audit_chain.measure(),
    ]


def _sm2() -> list[Row]:
    backend = SoftwareBackend()
    made = backend.generate(SM2_SM3, bits=256, label="bench")
    signer = backend.open(made.uri, SM2_SM3, made.public_key, made.private)
    key, signature = load_verification_key(made.public_key, SM2_SM3), signer.sign(MESSAGE)
    assert key.verify(signature, MESSAGE)
    ours: list[tuple[float, float]] = []
    theirs: list[tuple[float, float]] = []
    for _ in range(_SM2_ROUNDS):  # in turns: both meet the same machine
        signed = calls_per_second(lambda: signer.sign(MESSAGE), _CALLS)
        ours.append((signed, calls_per_second(lambda: key.verify(signature, MESSAGE), _CALLS)))
        theirs.append(_openssl())
    own, raw = (tuple(map(statistics.median, zip(*figures, strict=True))) for figures in (ours, theirs))
    return [
        rate("sign.sm2", own[0], "1/s", "openssl speed", raw[0]),
        rate("verify.sm2", own[1], "1/s", "openssl speed", raw[1]),
    ]


def _openssl() -> tuple[float, float]:
    """Signatures and verifications a second of processor time, by the command line of the same library."""
    done = subprocess.run(["openssl", "speed", "-seconds", "1", "sm2"], capture_output=True, text=True, check=True)
    found = re.search(r"SM2.*\)\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1]), float(found[2])


async def _lookup() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        towns: dict[SecretKind, Rows] = {}
        for kind in SecretKind:
            secret = OneSecret(kind)
            file = Path(folder) / f"{kind}.db"
            towns[kind] = await filled(file, EnvelopeCipher(secret, "p"), HmacIndex(secret, "p"))
        figures: dict[SecretKind, list[float]] = {kind: [] for kind in SecretKind}
        for _ in range(ROUNDS):
            for kind, rows in towns.items():
                figures[kind].append(await reads_per_second(rows, Rows.account))
        for rows in towns.values():
            await rows.database.close()
    usual, national = (statistics.median(figures[kind]) for kind in (SecretKind.USUAL, SecretKind.NATIONAL))
    return [rate("lookup.sm4", national, "rows/s", "AES-256, SHA-256", usual)]
