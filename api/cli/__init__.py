"""The command line: `yizheng …`."""

from __future__ import annotations

import gc
import sys
from io import TextIOWrapper


def main() -> None:
    """Entry point; commands are imported only here so that importing the package costs nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese shows question marks
    # a start makes half a million objects that all stay; to look for garbage among them took a seventh of its time
    gc.set_threshold(50_000, 20, 50)
    try:
        from api.cli.commands import app
        from api.logging import configure_commands

        configure_commands()
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
