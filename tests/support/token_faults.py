"""Faults inside a PKCS#11 library: its C functions are replaced, so what hangs or fails is the library itself.

A library hands out one list of pointers to its functions (PKCS #11 v3.1 §5.4.4), through which every caller goes.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

_NAMES = [
    "C_Initialize",
    "C_Finalize",
    "C_GetInfo",
    "C_GetFunctionList",
    "C_GetSlotList",
    "C_GetSlotInfo",
    "C_GetTokenInfo",
    "C_GetMechanismList",
    "C_GetMechanismInfo",
    "C_InitToken",
    "C_InitPIN",
    "C_SetPIN",
    "C_OpenSession",
    "C_CloseSession",
    "C_CloseAllSessions",
    "C_GetSessionInfo",
    "C_GetOperationState",
    "C_SetOperationState",
    "C_Login",
    "C_Logout",
    "C_CreateObject",
    "C_CopyObject",
    "C_DestroyObject",
    "C_GetObjectSize",
    "C_GetAttributeValue",
    "C_SetAttributeValue",
    "C_FindObjectsInit",
    "C_FindObjects",
    "C_FindObjectsFinal",
    "C_EncryptInit",
    "C_Encrypt",
    "C_EncryptUpdate",
    "C_EncryptFinal",
    "C_DecryptInit",
    "C_Decrypt",
    "C_DecryptUpdate",
    "C_DecryptFinal",
    "C_DigestInit",
    "C_Digest",
    "C_DigestUpdate",
    "C_DigestKey",
    "C_DigestFinal",
    "C_SignInit",
    "C_Sign",
]
_SIGN = ctypes.CFUNCTYPE(
    ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_void_p
)
_LOGIN = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong)
DEVICE_ERROR = 0x30


class _FunctionList(ctypes.Structure):
    _fields_ = (("version", ctypes.c_ubyte * 2), ("calls", ctypes.c_void_p * len(_NAMES)))


@contextlib.contextmanager
def _replaced(module: str, name: str, kind: Any, make: Callable[[Any], Callable[..., int]]) -> Iterator[None]:
    library = ctypes.CDLL(module)
    found = ctypes.POINTER(_FunctionList)()
    assert library.C_GetFunctionList(ctypes.byref(found)) == 0
    place = _NAMES.index(name)
    before = found.contents.calls[place]
    ours = kind(make(kind(before)))
    found.contents.calls[place] = ctypes.cast(ours, ctypes.c_void_p).value
    try:
        yield
    finally:
        found.contents.calls[place] = before


class Held:
    """Signatures that wait inside the library until they are let go."""

    def __init__(self) -> None:
        self.inside = 0
        self.changed = threading.Condition()
        self.released = threading.Event()

    def wait_inside(self, number: int) -> None:
        """Until so many signatures are inside the library."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.inside >= number, 20)


@contextlib.contextmanager
def hanging(module: str) -> Iterator[Held]:
    """No signature comes back until `released` is set; all are let go at the end."""
    held = Held()

    def make(original: Any) -> Callable[..., int]:
        def wait(*arguments: Any) -> int:
            with held.changed:
                held.inside += 1
                held.changed.notify_all()
            held.released.wait(60)
            with held.changed:
                held.inside -= 1
                held.changed.notify_all()
            return int(original(*arguments))

        return wait

    with _replaced(module, "C_Sign", _SIGN, make):
        try:
            yield held
        finally:
            held.released.set()
            with held.changed:
                assert held.changed.wait_for(lambda: held.inside == 0, 20)


@contextlib.contextmanager
def delayed(module: str, seconds: float) -> Iterator[list[int]]:
    """Every signature takes so long, as on a device at the other end of a cable; how many were inside together."""
    inside: list[int] = [0]
    most: list[int] = [0]
    lock = threading.Lock()

    def make(original: Any) -> Callable[..., int]:
        def wait(*arguments: Any) -> int:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            time.sleep(seconds)
            with lock:
                inside[0] -= 1
            return int(original(*arguments))

        return wait

    with _replaced(module, "C_Sign", _SIGN, make):
        yield most


@contextlib.contextmanager
def failing(module: str, *, times: int, answer: int = DEVICE_ERROR) -> Iterator[list[int]]:
    """The next signatures fail; how many are left to fail."""
    left = [times]

    def make(original: Any) -> Callable[..., int]:
        def fail(*arguments: Any) -> int:
            if left[0] > 0:
                left[0] -= 1
                return answer
            return int(original(*arguments))

        return fail

    with _replaced(module, "C_Sign", _SIGN, make):
        yield left


@contextlib.contextmanager
def counted_logins(module: str) -> Iterator[list[int]]:
    """How often a PIN was given to the token."""
    count = [0]

    def make(original: Any) -> Callable[..., int]:
        def login(*arguments: Any) -> int:
            count[0] += 1
            return int(original(*arguments))

        return login

    with _replaced(module, "C_Login", _LOGIN, make):
        yield count


def end_all_sessions(module: str, slot: int) -> None:
    """As if the token had been pulled out and put back: every session is closed, and nobody is logged in."""
    assert ctypes.CDLL(module).C_CloseAllSessions(ctypes.c_ulong(slot)) == 0
