"""Request objects by reference: fetched from addresses that the client registered, and from no other.

OpenID Connect Core §6.2; RFC 9101 §5.2; attacks O-19. A hash in the address says what must be found there; only then
is what was found kept, for it can never be anything else.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import OrderedDict

from core.egress.errors import EgressError
from core.egress.port import Fetcher
from idp.errors import InvalidRequestUri
from idp.model import Client
from idp.protocol.params import MAX_VALUE
from keys.primitives import base64url

_ACCEPT = {"Accept": "application/oauth-authz-req+jwt, application/jwt;q=0.9, text/plain;q=0.5"}
_HASH = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # SHA-256, base64url (OIDC Core §6.2)
_LONGEST_URI = 512  # RFC 9101 §5.2: should not be longer
_MOST_KEPT = 256
_log = logging.getLogger(__name__)


class ReferencedObjects:
    """Fetches request objects."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._kept: OrderedDict[str, str] = OrderedDict()  # by address and hash
        self._running: dict[str, asyncio.Future[tuple[str | None, str]]] = {}

    async def fetch(self, request_uri: str, client: Client) -> str:
        """The request object at the address, not yet verified.

        Raises:
            InvalidRequestUri: not registered, no answer as was due, or something else than the hash says.
        """
        address, mark, fragment = request_uri.partition("#")
        if len(request_uri) > _LONGEST_URI or not _is_registered(request_uri, address, client):
            raise InvalidRequestUri("request_uri is not registered for this client")
        if mark and not _HASH.fullmatch(fragment):
            raise InvalidRequestUri("the fragment of request_uri is no SHA-256 hash")
        if not mark:
            return await self._fetched(address)
        kept = self._kept.get(request_uri)
        if kept is None:
            kept = await self._fetched(address)
            if base64url.encode(hashlib.sha256(kept.encode("ascii")).digest()) != fragment:
                raise InvalidRequestUri("what is at request_uri is not what its hash says")
            self._kept[request_uri] = kept
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(request_uri)
        return kept

    async def _fetched(self, address: str) -> str:
        """Whoever asks while it is being fetched waits for the same answer: anybody can make us ask (attacks O-19)."""
        running = self._running.get(address)
        if running is None:
            running = self._running[address] = asyncio.ensure_future(self._look(address))
            running.add_done_callback(lambda _: self._running.pop(address, None))
        found, why = await asyncio.shield(running)
        if found is None:
            raise InvalidRequestUri("there is no request object at request_uri", private=why)
        return found

    async def _look(self, address: str) -> tuple[str | None, str]:
        """What lies there, or None and why not."""
        try:
            answer = await self._fetcher.fetch(address, headers=_ACCEPT)
        except EgressError as error:
            _log.warning("a request object could not be fetched: %s", error.private)
            return None, error.private
        if answer.status != 200 or not 0 < len(answer.body) <= 2 * MAX_VALUE or not answer.body.isascii():
            return None, f"status {answer.status}, {len(answer.body)} octets"
        return answer.body.decode("ascii"), ""


def _is_registered(request_uri: str, address: str, client: Client) -> bool:
    """As registered, character by character; one without a hash may be called with one (OIDC Core §6.2)."""
    registered = client.metadata.request_uris
    return request_uri in registered or address in registered
