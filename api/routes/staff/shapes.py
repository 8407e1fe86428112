"""How departments, roles and proposals look in JSON."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import Depends
from pydantic import Field

from api.deps import caller_by
from api.routes.certstore.shapes import In, text_out
from core.principal import Principal
from idp.model import StaffRole
from idp.rights import FUNCTIONS, LICENCE_TYPES
from idp.staff.departments import Branch
from idp.staff.duties import DECIDES, LOOKS, PROPOSES, PROPOSES_BELOW
from idp.staff.records import HeldRole, RoleProposal
from idp.staff.roles import limits_of

Caller = Annotated[Principal, Depends(caller_by(PROPOSES, PROPOSES_BELOW, DECIDES, LOOKS))]
"""Somebody; what they may do is for the use cases to say."""

Uscc = Annotated[str, Field(max_length=40)]
Some = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=200)]


class RoleIn(In):
    """A role of somebody, and what it is limited to."""

    account_id: Annotated[str, Field(max_length=40)]
    organisation: Uscc
    role: Annotated[str, Field(max_length=32)]
    licence_types: Some | None = None
    functions: Some | None = None
    until: dt.date | None = None

    def role_of(self) -> StaffRole:
        limits = limits_of(self.licence_types, self.functions)
        return StaffRole(self.account_id, self.organisation, self.role, limits, self.until)


def branch_out(branch: Branch) -> dict[str, Any]:
    one = branch.department
    return {
        "uscc": one.uscc,
        "name": text_out(one.name),
        "parent": one.parent,
        "status": one.status,
        "depth": branch.depth,
    }


def role_out(role: StaffRole) -> dict[str, Any]:
    return {
        "account_id": role.account_id,
        "organisation": role.organisation,
        "role": role.role,
        "licence_types": role.limits.get(LICENCE_TYPES),
        "functions": role.limits.get(FUNCTIONS),
        "until": role.until,
    }


def held_out(held: HeldRole) -> dict[str, Any]:
    return role_out(held.role) | {"since": held.since}


def proposal_out(proposal: RoleProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "kind": proposal.kind,
        "role": role_out(proposal.role),
        "reason": proposal.reason,
        "state": proposal.state,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "decided_by": proposal.decided_by,
        "decided_at": proposal.decided_at,
        "note": proposal.note,
    }
