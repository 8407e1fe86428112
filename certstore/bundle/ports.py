"""What bundles need from outside: a signature under the repository's published keys, and a judge of such signatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class BundleSigner(Protocol):
    """Signs what a bundle is."""

    async def sign_bundle(self, claims: Mapping[str, object]) -> str:
        """A compact JWS with `typ: catalogue-bundle+jwt`.

        Raises:
            core.errors.Unavailable: the key does not answer.
        """


class BundleSignatureRejected(Exception):
    """No signature of a bundle by one of the keys."""


class BundleJudge(Protocol):
    """Knows whose signature counts."""

    def claims(self, text: str, keys: Mapping[str, object] | None) -> Mapping[str, Any]:
        """
        Args:
            keys: JWK Set (RFC 7517 §5) of the installation that made the bundle; None for our own keys.

        Raises:
            BundleSignatureRejected.
        """
