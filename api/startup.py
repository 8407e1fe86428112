"""What is checked before the service starts; each fault is one line that ends with its remedy."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from api.settings import Settings


class StartupFault(Exception):
    """The service cannot start; the message says why and what to do, in one line."""


def check_port(host: str, port: int) -> None:
    """
    Raises:
        StartupFault: another program listens there, or the port may not be used.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = "is in use" if error.errno == 98 else f"cannot be used ({os.strerror(error.errno or 0)})"
            raise StartupFault(f"port {port} {reason}: choose another one with --port {port + 1}") from None


def check_folder(folder: Path) -> None:
    """Make the data folder if need be, and try to write in it.

    Raises:
        StartupFault: it cannot be made or written.
    """
    trial = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise StartupFault(
            f"cannot write to the data folder {folder} ({why}): choose another one with --data DIR"
        ) from None


def check_production(settings: Settings) -> None:
    """
    Raises:
        StartupFault: production mode with a setting that is not safe there.
    """
    if settings.mode == "production":
        faults = settings.unsafe_in_production()
        if faults:
            raise StartupFault("not safe for production: " + "; ".join(faults))


def check_libraries() -> None:
    """Load the compiled parts that a bare machine may lack.

    Raises:
        StartupFault: one of them does not load.
    """
    for module, remedy in (
        ("typst", "pip's wheel of typst needs glibc 2.17 or newer on x86-64 or arm64"),
        ("pypdfium2", "install the C++ runtime: apt-get install libstdc++6"),
        ("cryptography.hazmat.bindings._rust", "this machine's C library is too old; Debian 12 or newer works"),
        ("pylopdf_fonts_zh_cn", "remove .venv and start bin/run again"),
    ):
        try:
            __import__(module)
        except (ImportError, OSError) as error:
            raise StartupFault(f"a library does not load ({module}: {type(error).__name__}): {remedy}") from None
