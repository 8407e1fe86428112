"""How clients, proposals and permits look in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Body, Depends

from api.deps import caller_by
from core.principal import Principal
from idp.clients.document import registration_document
from idp.clients.duties import DECIDES, PROPOSES, PROPOSES_OWN
from idp.clients.looking import PortalView
from idp.clients.proposing import Proposed
from idp.clients.records import ClientError, ClientProposal, Permit, Registration
from idp.model import Client

Caller = Annotated[Principal, Depends(caller_by(PROPOSES, PROPOSES_OWN, DECIDES))]
"""Somebody; what they may do is for the use cases to say."""

Document = Annotated[dict[str, Any], Body(max_length=150)]
"""A registration document (RFC 7591 §2) with the members that people may ask for; see `docs/registration.md`."""


def client_out(client: Client) -> dict[str, Any]:
    """The registration document with the members that people set, and how the client is."""
    return registration_document(client, administrators=True) | {
        "status": client.status,
        "secrets": {
            "current": client.secret_digest is not None,
            "earlier_ends_at": client.earlier_secret_ends_at,
        },
    }


def view_out(view: PortalView) -> dict[str, Any]:
    return client_out(view.client) | {
        "registration": _registration(view.registration),
        "proposals": [proposal_out(one) for one in view.proposals],
    }


def proposed_out(done: Proposed) -> dict[str, Any]:
    """What came of it: `proposal` where somebody has to decide, `client_secret` this once."""
    answer = client_out(done.client) | {
        "revision": done.revision,
        "proposal": None if done.proposal is None else proposal_out(done.proposal),
    }
    return answer if done.secret is None else answer | {"client_secret": done.secret}


def proposal_out(proposal: ClientProposal) -> dict[str, Any]:
    return {
        "id": proposal.id,
        "client_id": proposal.client_id,
        "kind": proposal.kind,
        "state": proposal.state,
        "changed": list(proposal.changed),
        "organisation": proposal.organisation,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "decided_by": proposal.decided_by,
        "decided_at": proposal.decided_at,
        "note": proposal.note,
    }


def error_out(error: ClientError) -> dict[str, Any]:
    return {
        "id": error.id,
        "at": error.at,
        "endpoint": error.endpoint,
        "error": error.error,
        "description": error.description,
        "detail": error.detail,
        "request_id": error.request_id,
        "times": error.times,
    }


def permit_out(permit: Permit) -> dict[str, Any]:
    return {
        "id": permit.id,
        "note": permit.note,
        "policy": policy_out(permit.policy.to_stored()),
        "issuer": permit.issuer,
        "uses": permit.uses,
        "most_uses": permit.most_uses,
        "clients": permit.clients,
        "most_clients": permit.most_clients,
        "created_by": permit.created_by,
        "created_at": permit.created_at,
        "expires_at": permit.expires_at,
        "ended_at": permit.ended_at,
    }


def policy_out(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored.items() if name != "administrator"}


def _registration(record: Registration) -> dict[str, Any]:
    return {
        "origin": record.origin,
        "registered_by": record.registered_by,
        "permit": record.permit,
        "revision": record.revision,
        "changed_at": record.changed_at,
    }
