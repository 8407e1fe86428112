"""How people and proposals about them look in JSON; never whole numbers or names, but to whoever decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import Field

from api.deps import caller_by
from core.principal import Principal
from idp.persons.duties import DECIDES, LOOKS, PROPOSES
from idp.persons.looking import SeenPerson
from idp.persons.model import PersonProposal

Caller = Annotated[Principal, Depends(caller_by(PROPOSES, DECIDES, LOOKS))]
"""Somebody; what they may do is for the use cases to say."""

AccountId = Annotated[str, Field(max_length=40, pattern=r"^[A-Za-z0-9_]+$")]
Reason = Annotated[str, Field(max_length=800)]


def person_out(seen: SeenPerson) -> dict[str, Any]:
    return {
        "id": seen.id,
        "status": seen.status,
        "status_reason": seen.status_reason or None,
        "level": seen.level,
        "created_at": seen.created_at,
        "name": seen.masked_name or None,
        "number": seen.masked_number or None,
        "phone": seen.masked_phone or None,
        "documents": [
            {"id": one.id, "kind": one.kind, "number": one.masked, "proved": one.proved} for one in seen.documents
        ],
        "closes_at": None if seen.departure is None else seen.departure.due_at,
        "merged_into": seen.merged_into,
        "duplicates": list(seen.duplicates),
    }


def proposal_out(proposal: PersonProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "kind": proposal.kind,
        "account": proposal.account_id,
        "reason": proposal.reason,
        "state": proposal.state,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "expires_at": proposal.expires_at,
    }
