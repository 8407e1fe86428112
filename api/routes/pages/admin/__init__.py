"""Consoles for those who look after people, departments, staff, rules and security."""

from __future__ import annotations

from api.routes.pages.admin import events, organisations, people, policies, staff, staff_form

routers = [staff_form.router, staff.router, organisations.router, people.router, policies.router, events.router]
