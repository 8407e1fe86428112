"""Writes down a look at somebody's data, so that the person can see who looked, when and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certstore.codes import HolderCode
from certstore.model import AccessRecord, Licence, Look
from certstore.repository import Repository
from core.ids import new_id
from core.principal import Principal, Purpose


def look_at(
    repository: Repository,
    actor: Principal,
    look: Look,
    purpose: Purpose,
    *,
    licence: Licence,
    fields: Sequence[str] = (),
    consent_id: str | None = None,
    also: Iterable[HolderCode] = (),
    about: HolderCode | None = None,
) -> list[AccessRecord]:
    """One record for each holder of the licence, so that co-owners see it too.

    Args:
        about: whom the caller asked for; the others learn that it was done, and not in which case.
    """
    codes = {holder.code for holder in licence.current.holders} | set(also)
    # where nobody was named, whose case it is is not known: then none of several holders is told
    unknown = about is None and len(codes) > 1 and purpose.case_number is not None
    return [
        _record(
            repository,
            actor,
            look,
            purpose,
            code,
            licence,
            tuple(fields),
            consent_id,
            unknown or about not in (None, code),
        )
        for code in sorted(codes, key=lambda code: (code.kind, code.number))
    ]


def look_for(
    repository: Repository, actor: Principal, look: Look, purpose: Purpose, holder: HolderCode
) -> AccessRecord:
    """A look that found nothing, or told only that something exists."""
    return _record(repository, actor, look, purpose, holder, None, (), None, False)


def _record(
    repository: Repository,
    actor: Principal,
    look: Look,
    purpose: Purpose,
    holder: HolderCode,
    licence: Licence | None,
    fields: tuple[str, ...],
    consent_id: str | None,
    about_other: bool,
) -> AccessRecord:
    return AccessRecord(
        id=new_id(repository.clock, "acr"),
        holder=holder,
        licence_id=licence.id if licence else None,
        type_code=licence.type_code if licence else None,
        look=look,
        organisation=actor.organisation,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        purpose=purpose,
        fields=fields,
        consent_id=consent_id,
        at=repository.now(),
        about_other=about_other,
    )
