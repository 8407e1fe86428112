"""`python -m bench NAME [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bench.report import publish

NAMES = {
    "backup": "backup and restore",
    "idp": "identity endpoints",
    "idp_timing": "what the time of an answer tells of a client's secret",
    "keys": "signatures, verifications and what is built on them",
    "keys_fields": "encrypted rows and values",
    "keys_ocsp": "OCSP answers",
    "keys_tsa": "time-stamps",
    "signing": "sealing and judging PDFs",
    "start": "start-up and memory",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("name", choices=sorted(NAMES))
    parser.add_argument("--json", type=Path, default=None, metavar="FILE")
    asked = parser.parse_args()
    rows = importlib.import_module(f"bench.{asked.name}").measure()
    publish(NAMES[asked.name], rows, asked.json)


main()
