"""Two older ways of sharing licences, as adapters over the same use cases ([docs/adapters.md])."""

from __future__ import annotations

from api.routes.adapters import auth_code, head_data

routers = [*head_data.routers, *auth_code.routers]
