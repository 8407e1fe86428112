"""Takes the catalogue out: one JSON document, signed under the repository's published keys.

The signature stands over the SHA-256 of the content in its compact form, members in the order of the file, so a file
that was only laid out anew still counts, and one with a changed value, or another order of elements, does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import orjson

from certstore.authorise import refusals_audited, require_scope
from certstore.bundle.form import FORMAT, Json, bundle_form
from certstore.bundle.here import Shelves
from certstore.bundle.ports import BundleSigner
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.principal import Principal


def digest_of(content: Mapping[str, object]) -> str:
    """SHA-256 of the compact form, hexadecimal.

    Raises:
        TypeError: a value that JSON of 64-bit numbers cannot say.
    """
    return sha256(orjson.dumps(content)).hexdigest()


class TakeOutCatalogue:
    """The use case."""

    def __init__(self, repository: Repository, shelves: Shelves, signer: BundleSigner, issuer: str) -> None:
        self._repository = repository
        self._shelves = shelves
        self._signer = signer
        self._issuer = issuer

    async def __call__(self, actor: Principal, *, grants: bool = False) -> Json:
        """
        Args:
            grants: with the grants of use.

        Raises:
            NotPermitted: the actor has neither `admin:system` nor `admin:security`.
            Unavailable: the key does not answer.
        """
        repository, now = self._repository, self._repository.now()
        async with refusals_audited(repository.database, "catalogue.export", actor):
            if not actor.may("admin:security"):
                require_scope(actor, "admin:system")
            async with repository.database.read() as tx:
                bundle = await self._shelves.everything(tx, grants=grants)
            content = bundle_form(bundle)
            digest = digest_of(content)
            claims = {"iss": self._issuer, "iat": int(now.timestamp()), "sha256": digest}
            signature = await self._signer.sign_bundle(claims)
            detail: Detail = {"types": len(bundle.types), "items": len(bundle.items), "sha256": digest}
            await repository.database.record(AuditEvent("catalogue.export", "done", actor, detail=detail))
        return {
            "format": FORMAT,
            "made_by": self._issuer,
            "made_at": now.isoformat(timespec="seconds"),
            "content": content,
            "signature": signature,
        }
