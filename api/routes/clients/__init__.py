"""Portals and departments' systems, for those who look after them: `/v1/clients` and what belongs to it."""

from __future__ import annotations

from api.routes.clients import clients, logouts, permits, proposals, secrets

routers = [clients.router, logouts.router, secrets.router, proposals.router, permits.router]
