"""Signatures of bundles, judged with our own published keys or with those of the installation that made them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from certstore.bundle.ports import BundleJudge, BundleSignatureRejected
from core.clock import Clock
from keys.errors import KeyRefused, TokenRejected
from keys.jose.declarations import CATALOGUE_BUNDLE, verify_declaration
from keys.jose.jwk_set import JwkSet, read_jwk_set


class KnownKeysJudge:
    """Implements `BundleJudge`."""

    def __init__(self, own: Callable[[], JwkSet], clock: Clock) -> None:
        """
        Args:
            own: our published keys; asked each time, so that a service follows its own rotation.
        """
        self._own = own
        self._clock = clock

    def claims(self, text: str, keys: Mapping[str, object] | None) -> Mapping[str, Any]:
        try:
            known = self._own() if keys is None else read_jwk_set(keys)
            return verify_declaration(text, known, CATALOGUE_BUNDLE, clock=self._clock)
        except (KeyRefused, TokenRejected):
            raise BundleSignatureRejected from None


_: type[BundleJudge] = KnownKeysJudge
