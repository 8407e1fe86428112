"""Which backend serves a key: by the scheme of the key's URI."""

from __future__ import annotations

from collections.abc import Iterable

from keys.errors import KeyRefused, KeyUnavailable
from keys.ports import KeyBackend, KeyBackends


class BackendRegistry:
    """The backends of this deployment.

    Args:
        backends: all that are configured.
        default: scheme of the one that makes new keys.

    Raises:
        KeyRefused: the default is not among them.
    """

    def __init__(self, backends: Iterable[KeyBackend], *, default: str) -> None:
        self._by_scheme = {backend.scheme: backend for backend in backends}
        if default not in self._by_scheme:
            raise KeyRefused(f"the default backend {default!r} is not configured")
        self._default = default

    def making(self, scheme: str | None) -> KeyBackend:
        """The backend that makes a new key.

        Raises:
            KeyRefused: no such backend is configured.
        """
        backend = self._by_scheme.get(scheme or self._default)
        if backend is None:
            raise KeyRefused(f"the backend {scheme!r} is not configured")
        return backend

    def of(self, uri: str) -> KeyBackend:
        """The backend of a key made before.

        Raises:
            KeyUnavailable: its backend is not configured in this deployment.
        """
        scheme = uri.partition(":")[0]
        backend = self._by_scheme.get(scheme)
        if backend is None:
            raise KeyUnavailable(f"a stored key needs the backend {scheme!r}, which is not configured")
        return backend


_: type[KeyBackends] = BackendRegistry
