"""What the steps of the journey share: the running instance, the portals, the citizen's browser, tokens, finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

from api.demo import city
from api.journey.instance import Instance
from api.journey.narrator import Narrator, StepFailed
from api.journey.portals import Portals
from api.journey.visitor import Visitor


@dataclass
class World:
    """The journey's state; each step leaves what later steps need."""

    instance: Instance
    portals: Portals
    tell: Narrator
    citizen: Visitor
    api: httpx.Client
    found: dict[str, Any] = field(default_factory=dict)

    def token(self, client: city.Client) -> dict[str, str]:
        """The Authorization header of a department's system or a portal, by client_credentials."""
        machine = [scope for scope in client.scopes if ":" in scope]
        answer = self.api.post(
            "/token",
            auth=(client.id, client.secret),
            data={"grant_type": "client_credentials", "scope": " ".join(machine)},
        )
        return {"Authorization": f"Bearer {self.expect(answer, 200)['access_token']}"}

    def expect(self, answer: httpx.Response, status: int) -> dict[str, Any]:
        """The JSON of an answer that must have this status.

        Raises:
            StepFailed: it has another one.
        """
        if answer.status_code != status:
            raise StepFailed(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
            )
        body: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return body
