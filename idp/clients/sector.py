"""Sector identifier documents: proof that redirect URIs of several hosts belong together (OIDC Core §8.1,
Registration §5). Fetched by the one safe way out, and only while somebody registers (attacks O-19)."""

from __future__ import annotations

import orjson

from core.egress.errors import EgressError
from core.egress.port import Fetcher
from idp.clients.description import ClientDescription
from idp.clients.rules.refusals import refused

FIELD = "sector_identifier_uri"


class SectorDocuments:
    """Looks at the document where a description names one."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def check(self, new: ClientDescription) -> None:
        """
        Raises:
            idp.errors.InvalidClientMetadata: the document does not answer, or does not list every redirect URI.
        """
        address = new.metadata.sector_identifier_uri
        if address is None:
            return
        try:
            answer = await self._fetcher.fetch(address, headers={"Accept": "application/json"})
        except EgressError as error:
            raise refused(FIELD, f"cannot be fetched: {error.reason}") from None
        if answer.status != 200:
            raise refused(FIELD, "does not answer with a document")
        try:
            listed = orjson.loads(answer.body)
        except ValueError:
            raise refused(FIELD, "is no JSON") from None
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise refused(FIELD, "must be a list of redirect URIs")
        if not set(new.redirect_uris) <= set(listed):  # OIDC Registration §5: MUST be included
            raise refused(FIELD, "does not list every redirect URI")
