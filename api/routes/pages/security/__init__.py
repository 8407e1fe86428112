"""How one logs in: which ways there are, authenticator apps, recovery codes."""

from __future__ import annotations

from api.routes.pages.security import authenticators, overview, recovery

routers = [overview.router, authenticators.router, recovery.router]
