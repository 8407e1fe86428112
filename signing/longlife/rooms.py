"""How much room to leave for a time-stamp: what tokens took so far, for nobody knows before the authority answers."""

from __future__ import annotations

_FIRST = 6144  # octets: a token with two certificates, and then some
_SPARE = 256


class StampRoom:
    """Learns from the tokens that it sees; one for a process."""

    def __init__(self) -> None:
        self._longest = _FIRST - _SPARE

    @property
    def octets(self) -> int:
        return self._longest + _SPARE

    def learn(self, octets: int) -> None:
        """A token took so many."""
        self._longest = max(self._longest, octets)
