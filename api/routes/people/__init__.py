"""People's accounts, for offices: `/v1/people` and `/v1/person-proposals`."""

from __future__ import annotations

from api.routes.people import people, proposals

routers = [people.router, proposals.router]
