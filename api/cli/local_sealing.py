"""`yizheng sign --digest-only`: the file is prepared here, its digest is sent, the signature comes back (ADR 0068)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.clock import Clock
from core.ids import new_id
from signing.digests.local import FileWords, prepare_file
from signing.digests.model import DigestTerms
from signing.model import SealImage
from signing.places import Placement

if TYPE_CHECKING:
    from yizheng_client import Client, Sealed


def seal_here(
    service: Client,
    content: bytes,
    name: str,
    *,
    seal: str,
    document_class: str,
    reason: str,
    place: Placement | None,
    clock: Clock,
) -> Sealed:
    """
    Raises:
        core.errors.AppError: the file cannot be sealed.
        yizheng_client.YizhengError: the service refuses, or does not answer.
    """
    terms = service.digest_terms(seal, document_class)
    own = DigestTerms(
        seal_id=terms.seal,
        signer=terms.signer,
        algorithm=terms.algorithm,
        octets=terms.octets,
        image=SealImage(terms.height_mm, "", terms.picture, terms.width_mm),
        certificates=terms.certificates,
    )
    words = FileWords(new_id(clock, "sig"), clock.now().replace(microsecond=0), reason)
    prepared = prepare_file(content, own, words, (place,) if place else ())
    return service.sign_prepared(prepared, terms, document_name=name, document_class=document_class, reason=reason)
