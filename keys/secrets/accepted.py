"""The secrets that a value may be under now: its purpose's, and those of the purpose that it was under before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keys.ports import SecretKey, SecretProvider


class AcceptedSecrets:
    """Follows the key ring: the answer is made anew only when the ring has changed.

    Args:
        purpose: whose active secret new values are put under.
        former: purposes whose values are still to be read; the ring may have none of them any more.
    """

    def __init__(self, provider: SecretProvider, purpose: str, *former: str) -> None:
        self._provider = provider
        self._purpose = purpose
        self._purposes = (purpose, *former)
        self._seen: tuple[Sequence[SecretKey], ...] = ()
        self._keys: Mapping[str, SecretKey] = {}

    def active(self) -> SecretKey:
        """
        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active secret.
        """
        return self._provider.secrets(self._purpose)[0]

    def find(self, key_id: str) -> SecretKey | None:
        """The secret with this id, unless it was retired."""
        return self._current().get(key_id)

    def all(self) -> Sequence[SecretKey]:
        """The active secret first, those of former purposes last.

        Raises:
            core.errors.Unavailable: `key-missing`, when the purpose has no active secret.
        """
        self.active()
        return tuple(self._current().values())

    def _current(self) -> Mapping[str, SecretKey]:
        accepted, seen = self._provider.accepted, self._seen
        for place, purpose in enumerate(self._purposes):
            if not seen or accepted(purpose) is not seen[place]:
                now = tuple(map(accepted, self._purposes))
                self._keys = {key.key_id: key for keys in now for key in keys}
                self._seen = now  # last: whoever asks in another thread meanwhile makes the answer too
                break
        return self._keys
