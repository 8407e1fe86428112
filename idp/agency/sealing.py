"""Who is to act, sealed: the giver wrote a name and an ID number, and may read them again; nobody else."""

from __future__ import annotations

import msgspec

from idp.agency.model import Agent, Authorisation
from keys.ports import FieldCipher


class AgentVault:
    """Seals and opens what the giver wrote; bound to its row."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    def seal(self, authorisation_id: str, agent: Agent) -> bytes:
        content = msgspec.json.encode(agent).decode()
        return self._fields.encrypt(content, context=agent_context(authorisation_id))

    def open(self, one: Authorisation) -> Agent:
        content = self._fields.decrypt(one.agent, context=agent_context(one.id))
        return msgspec.json.decode(content, type=Agent)


def agent_context(authorisation_id: str) -> str:
    """The place that the sealed agent is bound to."""
    return f"authorisation.agent:{authorisation_id}"
