"""SCIM 2.0 for personnel systems: `/scim/v2/Users`, `/scim/v2/Groups` and what describes them (RFC 7644 §3.2, §4)."""

from __future__ import annotations

from api.routes.scim import about, groups, users

routers = [users.router, groups.router, about.router]
