"""Calls to a provider, through the one safe way out; an answer is JSON of the right kind or none (attacks O-19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from core.egress.errors import EgressError
from core.egress.port import Fetched, Fetcher
from idp.upstream.errors import UpstreamUnavailable
from idp.upstream.model import Provider
from keys.jose.strict_json import read_object

JSON = frozenset({"application/json"})
JWKS = frozenset({"application/json", "application/jwk-set+json"})
_FORM = "application/x-www-form-urlencoded"


class Transport:
    """Fetches from providers; a redirect is no answer."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def get(
        self,
        provider: Provider,
        url: str,
        *,
        media_types: frozenset[str] = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """
        Raises:
            UpstreamUnavailable: no answer, another status than 200, or no JSON object.
        """
        fetched = await self._fetched(provider, url, headers={"Accept": "application/json", **(headers or {})})
        if fetched.status != 200:
            raise UpstreamUnavailable(provider.name, private=f"status {fetched.status}")
        return _object(provider, fetched, media_types)

    async def post(
        self, provider: Provider, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of the answer to a form.

        Raises:
            UpstreamUnavailable: no answer, or no JSON object.
        """
        sent = {"Accept": "application/json", "Content-Type": _FORM, **headers}
        fetched = await self._fetched(provider, url, method="POST", body=urlencode(form).encode(), headers=sent)
        return fetched.status, _object(provider, fetched, JSON)

    async def _fetched(self, provider: Provider, url: str, **options: Any) -> Fetched:
        try:
            return await self._fetcher.fetch(url, **options)
        except EgressError as error:
            raise UpstreamUnavailable(provider.name, private=error.reason) from None


def _object(provider: Provider, fetched: Fetched, media_types: frozenset[str]) -> dict[str, Any]:
    if fetched.media_type not in media_types:
        raise UpstreamUnavailable(provider.name, private=f"status {fetched.status}, media type")
    try:
        return read_object(fetched.body)
    except ValueError:
        raise UpstreamUnavailable(provider.name, private=f"status {fetched.status}, no JSON object") from None
