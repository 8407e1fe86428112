"""A PKCS#11 library in this process: initialised once, for several threads where it can (PKCS #11 v3.1 §5.1.1, §5.4).

python-pkcs11 initialises a library without arguments, which forbids more than one thread at a time (§5.4.1). So the
library is initialised here, with CKF_OS_LOCKING_OK; python-pkcs11 does everything else. A library that cannot lock
(CKR_CANT_LOCK) is entered by one thread at a time.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pkcs11 import _pkcs11
from pkcs11.exceptions import GeneralError, MultipleTokensReturned, NoSuchToken

from keys.errors import KeyUnavailable

_OS_LOCKING_OK = 0x2  # CKF_OS_LOCKING_OK
_OK, _CANT_LOCK = 0x0, 0xA  # CKR_OK, CKR_CANT_LOCK
_USER_STATES = (1, 3)  # CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS


class _InitializeArgs(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS: no mutex functions of ours, the library may use the system's."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("create", "destroy", "lock", "unlock")),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    )


class _SessionInfo(ctypes.Structure):
    """CK_SESSION_INFO."""

    _fields_ = tuple((name, ctypes.c_ulong) for name in ("slot", "state", "flags", "device_error"))


class _Loaded(_pkcs11.lib):
    """python-pkcs11's library without its way of initialising."""

    def initialize(self) -> None:
        """Called by the constructor, which then asks the library for its name: `start` has to come before."""


class Pkcs11Library:
    """One library, one per process and path.

    Attributes:
        epoch: moves whenever every session of before has ended.
        parallel: whether several threads may be in it at the same time.
    """

    _known: dict[str, Pkcs11Library] = {}  # noqa: RUF012 - one per process and library, on purpose
    _knowing = threading.Lock()

    def __init__(self, path: str) -> None:
        self.path = path
        self.epoch = 0
        self.parallel = False
        self._library: Any = None
        self._turn()
        _after_fork.add(self)

    @classmethod
    def at(cls, path: str) -> Pkcs11Library:
        with cls._knowing:
            if path not in cls._known:
                cls._known[path] = cls(path)
            return cls._known[path]

    def _turn(self) -> None:
        """Nobody is inside; locks are new, for those of before may be held by threads that a fork left behind."""
        self._state = threading.Condition()
        self._inside = 0
        self._started = False
        self._ending = False
        self._serial = threading.Lock()

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Around every call: the library is initialised, and is not ended while somebody is inside."""
        with self._state:
            self._state.wait_for(lambda: not self._ending)  # bounded by `restart`
            if not self._started:
                self._start()
            self._inside += 1
        try:
            if self.parallel:
                yield
            else:
                with self._serial:
                    yield
        finally:
            with self._state:
                self._inside -= 1
                self._state.notify_all()

    def restart(self, epoch: int, *, seconds: float) -> None:
        """End all sessions and find the tokens anew, unless somebody has done so since `epoch`.

        Args:
            seconds: how long to wait for calls that are inside.

        Raises:
            KeyUnavailable: a call does not come back.
        """
        with self._state:
            if self.epoch != epoch:
                return
            self._ending = True  # nobody new comes in
            try:
                if not self._state.wait_for(lambda: not self._inside, seconds):
                    raise KeyUnavailable(f"{self.path} cannot be started again while a call hangs")
                if self.epoch == epoch:
                    self._start()
            finally:
                self._ending = False
                self._state.notify_all()

    def logged_in(self, handle: int) -> bool:
        """Whether the session with this handle is there and its token's user is logged in. Call while `entered`.

        A search in a session that was lost finds nothing, or leaves python-pkcs11 with a search that it cannot end.
        """
        info = _SessionInfo()
        answer = self._calls().C_GetSessionInfo(ctypes.c_ulong(handle), ctypes.byref(info))
        return bool(answer == _OK and info.state in _USER_STATES)

    def token(self, label: str) -> Any:
        """The token with this label. Call while `entered`.

        Raises:
            pkcs11.exceptions.PKCS11Error: `NoSuchToken`, or `MultipleTokensReturned`.
        """
        found = [token for token in self._library.get_tokens() if token.label == label]
        if len(found) > 1:
            raise MultipleTokensReturned
        if not found:
            raise NoSuchToken
        return found[0]

    def _start(self) -> None:
        """Initialise, ending what was before; PKCS #11 §5.4.1 demands it again after a fork."""
        calls = self._calls()
        calls.C_Finalize(None)  # CKR_CRYPTOKI_NOT_INITIALIZED is as good
        arguments = _InitializeArgs(flags=_OS_LOCKING_OK)
        answer = calls.C_Initialize(ctypes.byref(arguments))
        self.parallel = answer == _OK
        if answer == _CANT_LOCK:
            answer = calls.C_Initialize(None)
        self._started = False
        self.epoch += 1
        if answer != _OK:
            raise GeneralError
        if self._library is None:
            self._library = _Loaded(self.path)
        self._started = True

    def _calls(self) -> Any:
        try:
            calls = ctypes.CDLL(self.path)  # the same library that python-pkcs11 has, by its path
            for name in ("C_Initialize", "C_Finalize", "C_GetSessionInfo"):
                getattr(calls, name).restype = ctypes.c_ulong
        except (OSError, AttributeError):
            raise KeyUnavailable(f"{self.path} is no PKCS#11 library for this machine") from None
        return calls


_after_fork: weakref.WeakSet[Pkcs11Library] = weakref.WeakSet()


def _forget_threads() -> None:
    for library in _after_fork:
        library._turn()


def _let_go() -> None:
    """While the interpreter is whole: python-pkcs11's objects complain when they end after it."""
    for library in Pkcs11Library._known.values():
        library._library = None


os.register_at_fork(after_in_child=_forget_threads)
atexit.register(_let_go)
