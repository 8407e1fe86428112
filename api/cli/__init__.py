"""The command line: `yizheng …`."""

from __future__ import annotations


def main() -> None:
    """Entry point; commands are imported only here so that importing the package costs nothing."""
    from api.cli.commands import app

    app()
