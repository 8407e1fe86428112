"""One connection per process to each PKCS#11 token (OASIS PKCS #11 v3.1).

python-pkcs11 initialises a module without CKF_OS_LOCKING_OK, so the module may be entered by one thread at a
time (PKCS #11 §5.4.1; SoftHSM crashes otherwise). Log-in belongs to the whole process, not to a session
(§5.6.8). Hence one session per token, and one lock per module around every call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import pkcs11
from pkcs11.exceptions import (
    NoSuchKey,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinInvalid,
    PinLenRange,
    PinLocked,
    PKCS11Error,
    UserAlreadyLoggedIn,
)

from keys.errors import KeyUnavailable

_PIN_ERRORS = (PinIncorrect, PinInvalid, PinLenRange, PinLocked, PinExpired)
_Result = TypeVar("_Result")


class Pkcs11Module:
    """A loaded library, its lock and the sessions that are open through it.

    Args:
        path: path of the library.
    """

    _loaded: dict[str, Pkcs11Module] = {}  # noqa: RUF012 - one per process and library, on purpose
    _loading = threading.Lock()

    def __init__(self, path: str) -> None:
        self.path = path
        self.lock = threading.RLock()
        self.sessions: dict[str, Any] = {}
        self._process = os.getpid()
        self._library: Any = None

    @classmethod
    def at(cls, path: str) -> Pkcs11Module:
        with cls._loading:
            return cls._loaded.setdefault(path, cls(path))

    def session(self, token: str, pin: str) -> Any:
        """The session with `token`, opened and logged in if it is not. Call with the lock held."""
        if self._library is None or self._process != os.getpid():  # PKCS #11 §5.4.1: again after a fork
            self.restart()
        session = self.sessions.get(token)
        if session is None:
            found = self._library.get_token(token_label=token)
            try:
                session = found.open(rw=True, user_pin=pin)
            except UserAlreadyLoggedIn:
                session = found.open(rw=True)
            self.sessions[token] = session
        return session

    def restart(self) -> None:
        """Initialise the library anew; all sessions with it end. Finds tokens that came back or are new."""
        self.sessions.clear()
        self._process = os.getpid()
        if self._library is None:
            self._library = pkcs11.lib(self.path)
        elif self._library.initialized:
            self._library.reinitialize()
        else:
            self._library.initialize()


class Pkcs11Token:
    """Runs operations on one token, reconnecting once when the session was lost.

    Args:
        module: path of the library.
        label: label of the token.
        pin: asked for at each connection.
    """

    def __init__(self, module: str, label: str, pin: Callable[[], str]) -> None:
        self._module = Pkcs11Module.at(module)
        self.label = label
        self._pin = pin
        self._pin_refused = False

    def run(self, operation: Callable[[Any], _Result]) -> _Result:
        """The result of `operation(session)`.

        Raises:
            KeyUnavailable: the token is gone, refuses the PIN, has no such key or fails twice. After a refused
                PIN it is not tried again until the process restarts: repeating would lock the token.
        """
        with self._module.lock:
            if self._pin_refused:
                raise KeyUnavailable(f"token {self.label}: the PIN was refused; correct it and restart")
            try:
                try:
                    return operation(self._connect())
                except (NoSuchKey, *_PIN_ERRORS):
                    raise
                except PKCS11Error:
                    self._module.restart()
                    return operation(self._connect())
            except NoSuchKey:
                raise KeyUnavailable(f"token {self.label} has no such key") from None
            except NoSuchToken:
                raise KeyUnavailable(f"token {self.label} is not there") from None
            except _PIN_ERRORS as error:
                self._pin_refused = True
                raise KeyUnavailable(f"token {self.label}: {type(error).__name__}") from None
            except (PKCS11Error, RuntimeError) as error:
                self._module.sessions.pop(self.label, None)
                raise KeyUnavailable(f"token {self.label}: {type(error).__name__}") from None

    def _connect(self) -> Any:
        return self._module.session(self.label, self._pin())
