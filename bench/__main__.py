"""`python -m bench NAME [--json FILE] [--full | --most N | --rows N] [--keep FOLDER]`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bench.report import publish

NAMES = {
    "backup": "backup and restore",
    "certstore": "the repository: look-ups, exemption checks, issuing",
    "certstore_register": "a legacy register with planted faults, its worker killed half-way",
    "idp": "identity endpoints",
    "idp_timing": "what the time of an answer tells of a client's secret",
    "keys": "signatures, verifications and what is built on them",
    "keys_fields": "encrypted rows and values",
    "keys_ocsp": "OCSP answers",
    "keys_tsa": "time-stamps",
    "national": "SM2, SM3 and SM4",
    "signing": "sealing and judging PDFs",
    "signing_batch": "thousands of files in one batch",
    "start": "start-up and memory",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    parser.add_argument("--full", action="store_true", help="certstore: up to 10 million licences, not 1 million")
    parser.add_argument("--most", type=int, metavar="N", help="certstore: at most so many licences, to try it out")
    parser.add_argument("--rows", type=int, metavar="N", help="certstore_register: so many, not 1 million")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="certstore: where the filled databases stay")
    asked = parser.parse_args()
    bench = importlib.import_module(f"bench.{asked.name}")
    options: dict[str, object] = {}
    if asked.name == "certstore":
        options = {"most": asked.most or (bench.FULL if asked.full else bench.MOST), "keep": asked.keep}
    elif asked.name == "certstore_register" and asked.rows:
        options = {"rows": asked.rows}
    rows = bench.measure(**options)
    publish(NAMES[asked.name], rows, asked.json)


main()
