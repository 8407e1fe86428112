"""Legal persons, for those who look after them: `/v1/organisations`."""

from __future__ import annotations

from api.routes.organisations import organisations

routers = [organisations.router]
