"""Consoles for those who look after people, departments, staff, rules and security."""

from __future__ import annotations

from api.routes.pages.admin import (
    audit_log,
    events,
    home,
    look_delays,
    organisations,
    people,
    policies,
    staff,
    staff_form,
)

_parts = (
    home,
    staff_form,
    staff,
    organisations,
    people,
    policies,
    look_delays,
    events,
    audit_log,
)  # fixed paths before those with a name
routers = [part.router for part in _parts]
