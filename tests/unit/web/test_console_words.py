"""Every role, method, event and severity has words on the consoles."""

from __future__ import annotations

from api.web.console.words import EVENTS, FUNCTIONS, METHODS, ROLES, SEVERITIES, STRENGTHS, subject_name
from idp import levels
from idp.login.proofs import Method
from idp.protocol.scopes import ADMINISTRATOR_ROLES, ROLE_SCOPES
from idp.security_events.model import SecurityEventKind, Severity


def test_nothing_is_shown_by_its_inner_name() -> None:
    assert set(ROLES) == set(ROLE_SCOPES)
    assert set(METHODS) == set(Method)
    assert set(EVENTS) == set(SecurityEventKind)
    assert set(SEVERITIES) == set(Severity)
    assert all(levels.rank(acr) for acr in STRENGTHS)
    ordinary = set(ROLE_SCOPES) - set(ADMINISTRATOR_ROLES) - {"auditor", "portal-manager", "department-manager"}
    assert set(FUNCTIONS) == set().union(*(ROLE_SCOPES[role] for role in ordinary))


def test_rules_name_whom_they_are_for() -> None:
    assert subject_name("client:portal-a").zh == "门户 portal-a"
    assert subject_name("level:3").en == "Identity level 3 and above"
    assert subject_name("staff").zh == "工作人员"
