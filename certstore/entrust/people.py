"""Who acts in an entrustment: a natural person, for themselves."""

from __future__ import annotations

from certstore.entrust.errors import own_hat_needed
from certstore.entrust.model import KnownPerson
from certstore.entrust.ports import PersonDirectory
from core.principal import Principal, PrincipalKind


async def person_behind(persons: PersonDirectory, actor: Principal) -> KnownPerson:
    """The natural person, never the organisation that they act for; a member of staff is a person like any other.

    Raises:
        NotPermitted: `person-needed`.
    """
    hat = actor.kind is PrincipalKind.PERSON and actor.organisation is not None
    if hat or actor.kind not in (PrincipalKind.PERSON, PrincipalKind.STAFF):
        raise own_hat_needed()
    person = await persons.of_account(actor.id)
    if person is None:
        raise own_hat_needed()
    return person
