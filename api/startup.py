"""What is checked before the service starts; each fault is one line that ends with its remedy."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from api.settings import Settings
from core.errors import AppError


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
            raise StartupFault(_why_no_port(host, port, error)) from None


def _why_no_port(host: str, port: int, error: OSError) -> str:
    other = port + 1 if port < 65535 else port - 1
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another one with --port {other}"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges: choose one above 1023, such as --port 8000"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: listen on another one, such as --host 127.0.0.1"
    return f"port {port} cannot be used ({os.strerror(error.errno or 0)}): choose another one with --port {other}"


def check_folder(folder: Path) -> None:
    """Make the data folder if need be, and try to write in it.

    Raises:
        StartupFault: it cannot be made or written.
    """
    trial = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        trial.write_bytes(b"")
        trial.unlink(missing_ok=True)  # another start may be trying at this moment
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise StartupFault(
            f"cannot write to the data folder {folder} ({why}): choose another one with --data DIR"
        ) from None


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second start on the same data folder wait until the first has made its tables and keys."""
    with (folder / ".starting").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


@contextlib.contextmanager
def plain_faults() -> Iterator[None]:
    """Say in one line what a store, a key or the system could not do; errors of our own making pass through.

    Raises:
        StartupFault: in place of any of these errors.
    """
    try:
        yield
    except Exception as error:
        if line := _in_one_line(error):
            raise StartupFault(line) from None
        raise


def _in_one_line(error: Exception) -> str | None:
    if isinstance(error, BrokenPipeError):
        return None  # whoever read our output has gone; no store is at fault
    if isinstance(error, AppError):
        return error.text.en + (f" ({error.private})" if error.private not in error.text.en else "")
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror):
        return (
            f"a store does not answer ({type(error).__name__}): "
            "check YIZHENG_DATABASE_URL, YIZHENG_KEYS_URL and YIZHENG_KV_URL"
        )
    if isinstance(error, OSError):
        return (
            f"a file or a store cannot be used ({type(error).__name__}: {error.filename or error.strerror}): "
            "`yizheng doctor` looks at every part"
        )
    # the driver's own text may quote what was written, so only the kind of error is told
    package = type(error).__module__.partition(".")[0]
    if package == "sqlalchemy":
        cause = getattr(error, "orig", None) or error
        kind = getattr(cause, "sqlite_errorname", None)
        if kind:
            return f"the database file cannot be used ({kind}): restore it, or choose another folder with --data DIR"
        error = cause.__cause__ if isinstance(cause.__cause__, Exception) else cause
    elif package != "asyncpg":
        return None
    return f"a database cannot be used ({type(error).__name__}): check YIZHENG_DATABASE_URL and YIZHENG_KEYS_URL"
