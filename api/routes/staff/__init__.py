"""Departments, staff and their roles, for those who look after them: `/v1/departments`, `/v1/staff-roles` and more."""

from __future__ import annotations

from api.routes.staff import departments, proposals, roles

routers = [departments.router, proposals.router, roles.router]
