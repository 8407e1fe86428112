"""Secrets of a key ring in memory, quick enough to be turned hundreds of times in one test."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import replace

from keys.errors import KeyMissing
from keys.ports import SecretKey, SecretProvider
from keys.spec import KeyState, SecretKind

_numbers = itertools.count(1)


def secret(
    seed: str | None = None, state: KeyState = KeyState.ACTIVE, kind: SecretKind = SecretKind.USUAL
) -> SecretKey:
    """A secret with an id of 16 characters, as the key ring makes them; the same for the same seed."""
    value = hashlib.sha256((seed or f"secret {next(_numbers)}").encode()).digest()
    return SecretKey(hashlib.sha256(value).hexdigest()[:16], state, value, kind)


class MemorySecrets:
    """Implements `keys.ports.SecretProvider`. A purpose gets its secret when it is named in the call."""

    def __init__(self, *purposes: str, seed: str = "", kind: SecretKind = SecretKind.USUAL) -> None:
        self.kind = kind  # of the secrets that are made from now on
        self._keys: dict[str, tuple[SecretKey, ...]] = {
            purpose: (secret(f"{seed}{purpose}" if seed else None, kind=kind),) for purpose in purposes
        }

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        found = self.accepted(purpose)
        if not found or found[0].state is not KeyState.ACTIVE:
            raise KeyMissing(purpose)
        return found

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        return self._keys.get(purpose, ())

    def copy(self) -> MemorySecrets:
        other = MemorySecrets()
        other._keys = dict(self._keys)
        return other

    def purpose_of(self, key_id: str) -> str:
        return next(purpose for purpose, keys in self._keys.items() if any(key.key_id == key_id for key in keys))

    def ids(self, purpose: str, *states: KeyState) -> list[str]:
        return [key.key_id for key in self.accepted(purpose) if not states or key.state in states]

    def make(self, purpose: str) -> SecretKey:
        self._keys[purpose] = (secret(kind=self.kind),)
        return self._keys[purpose][0]

    def prepare(self, purpose: str) -> None:
        """Publish the secret that will follow."""
        self._keys[purpose] = (*self._keys[purpose], secret(state=KeyState.NEXT, kind=self.kind))

    def rotate(self, purpose: str) -> None:
        """The next secret becomes active (made at once if there is none), the active one is still accepted."""
        if not any(key.state is KeyState.NEXT for key in self._keys[purpose]):
            self.prepare(purpose)
        keys = self._keys[purpose]
        new = next(key for key in keys if key.state is KeyState.NEXT)
        old = [key for key in keys if key is not new]
        moved = [replace(key, state=KeyState.VERIFY_ONLY) for key in old]
        self._keys[purpose] = (replace(new, state=KeyState.ACTIVE), *moved)

    def retire(self, key_id: str) -> None:
        self._keys = {
            purpose: tuple(key for key in keys if key.key_id != key_id) for purpose, keys in self._keys.items()
        }


_: type[SecretProvider] = MemorySecrets


class WorkersView:
    """One worker's view of the ring: what it knew at its last refresh (implements `keys.ports.SecretProvider`)."""

    def __init__(self, ring: MemorySecrets) -> None:
        self._ring = ring
        self._known = MemorySecrets()
        self.refresh()

    def refresh(self) -> None:
        self._known = self._ring.copy()

    def secrets(self, purpose: str) -> Sequence[SecretKey]:
        return self._known.secrets(purpose)

    def accepted(self, purpose: str) -> Sequence[SecretKey]:
        return self._known.accepted(purpose)

    def target(self, purposes: Sequence[str]) -> str | None:
        """As `keys.reencrypt.target`, without waiting: a test decides itself when every worker knows the keys."""
        if not self.accepted(purposes[0]):
            return None
        named = [(purpose, key.key_id, key.state) for purpose in purposes for key in self.accepted(purpose)]
        return hashlib.sha256(repr(named).encode()).hexdigest()


_view: type[SecretProvider] = WorkersView
