"""The command line: `yizheng …`."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def main() -> None:
    """Entry point; commands are imported only here so that importing the package costs nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese shows question marks
    try:
        from api.cli.commands import app

        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
