"""`python -m api.demo.sources [--port 8090] [--key-file FILE]`: the stand-in registers as a server of their own."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

import uvicorn

from api.demo.sources.app import registers_app
from api.demo.sources.registers import Mood, of_the_demo_city
from core.clock import SystemClock


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api.demo.sources", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--key-file", type=Path, help="shared key, at least 32 bytes; made where it is missing")
    parser.add_argument("--slowest", type=float, default=0.4, help="seconds that an answer takes at most")
    parser.add_argument("--failures", type=float, default=0.02, help="part of the questions that fail")
    chosen = parser.parse_args()
    file: Path = chosen.key_file or Path("var/registers.key")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
        file.write_text(secrets.token_hex(32))
    registers = of_the_demo_city()
    registers.mood = Mood((0.02, chosen.slowest), chosen.failures)
    base = f"http://127.0.0.1:{chosen.port}"
    app = registers_app(registers, base=base, keys={"yizheng": file.read_bytes().strip()}, clock=SystemClock())
    print(f"YIZHENG_POPULATION_URL={base} YIZHENG_ORGANISATIONS_URL={base} YIZHENG_REGISTERS_KEY_FILE={file}")
    uvicorn.run(app, host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    main()
