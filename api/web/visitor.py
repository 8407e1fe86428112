"""Who looks at a page, what the header says about them, and which pages they have."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from starlette.requests import Request

from api.deps import container, page_principal
from api.session_cookie import read_session_cookie
from api.web.agency_words import ROLES
from core.errors import NotAuthenticated, NotPermitted
from core.principal import Principal, PrincipalKind
from core.text import Text

LOG_IN_FIRST = "log-in-first"
MOST_ENTRIES = 5
"""Of the main navigation; somebody with more duties finds the rest behind its last one."""
CLERK = "licence:read"
VERIFIER = "licence:verify"
ISSUER = "licence:issue"
SEALER = "seal:sign"
SEAL_MANAGER = "seal:manage"
SEAL_APPROVER = "seal:approve"
_OFFICE_DUTIES = (ISSUER, SEALER, SEAL_MANAGER, SEAL_APPROVER)
SYSTEM_ADMIN = "admin:system"
SECURITY_ADMIN = "admin:security"
AUDIT_ADMIN = "admin:audit"
PORTAL_MANAGER = "client:manage"
WINDOW = "identity:prove"
DEPARTMENT_MANAGER = "staff:manage"


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation."""

    href: str
    label: Text


_VERIFY = NavItem("/verify", Text("验真", "Verify"))
_OWN = (
    NavItem("/me", Text("我的证照", "My licences")),
    NavItem("/me/accesses", Text("谁看过", "Who looked")),
    NavItem("/me/consents", Text("授权", "Consents")),
    _VERIFY,
    NavItem("/me/account", Text("我的账号", "My account")),
)
_DESK = (
    NavItem("/clerk", Text("免交核对", "Exemption check")),
    NavItem("/clerk/licences", Text("证照查询", "Look up")),
    NavItem("/clerk/read", Text("核验", "Check")),
)
_FIGURES = NavItem("/office/statistics", Text("统计", "Figures"))  # offices find theirs behind their own door
_RECEIVERS = NavItem(
    "/office/subscriptions", Text("变更推送", "Change messages")
)  # offices find them behind their own door
_WINDOW = NavItem("/window", Text("实名核验", "Identity"))
_OFFICE = NavItem("/office", Text("部门工作台", "Office console"))
_KEYS = NavItem("/admin/keys", Text("密钥与证书", "Keys"))
_CATALOGUE = NavItem("/office/types", Text("证照目录", "Catalogue"))
_PORTALS = NavItem("/admin/portals", Text("门户", "Portals"))
_CONSOLES = NavItem("/admin", Text("人员与安全", "People and security"))
_PEOPLE = NavItem("/admin/people", Text("人员", "People"))
_DEPARTMENTS = NavItem("/admin/organisations", Text("机构", "Departments"))
_STAFF = NavItem("/admin/staff", Text("岗位", "Staff"))
_POLICIES = NavItem("/admin/policies", Text("登录规则", "Rules"))
LOOK_DELAYS = "/admin/look-delays"
_DELAYS = NavItem(LOOK_DELAYS, Text("延后显示", "Shown later"))
_EVENTS = NavItem("/admin/security", Text("安全事件", "Events"))
AUDIT_LOG = "/audit"
_AUDIT = NavItem(AUDIT_LOG, Text("审计日志", "Audit log"))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in.

    Attributes:
        role: what stands under the name in the header.
        home: the page that this person comes for.
        acting_for: name of the organisation, when they act for one.
        acting_until: the last day of the authority by which they do; None for a duty.
        may_switch: they chose it for this session, and may choose again.
        whole_authority: they act for all that the organisation has to do, and not only for some service items.
        organisation: the code of the organisation that they chose to act for.
    """

    principal: Principal
    name: str = field(repr=False)
    role: Text
    nav: tuple[NavItem, ...]
    home: str
    acting_for: Text | None = None
    acting_until: dt.date | None = None
    may_switch: bool = False
    whole_authority: bool = False
    organisation: str | None = None

    @property
    def holder(self) -> Principal:
        """Whose licences these pages are about: the person's own, or those of the organisation that they act for."""
        return replace(self.principal, organisation=self.organisation) if self.whole_authority else self.principal

    @property
    def initial(self) -> str:
        return self.name[:1] or "·"

    @property
    def entries(self) -> tuple[NavItem, ...]:
        """What stands in the header: the page that they come for and what fits beside it."""
        if len(self.nav) <= MOST_ENTRIES:
            return self.nav
        first = sorted(self.nav, key=lambda one: not is_under(self.home, one.href))  # the rest stays in its order
        shown = set(first[: MOST_ENTRIES - 1])
        return tuple(one for one in self.nav if one in shown)

    @property
    def further(self) -> tuple[NavItem, ...]:
        """What stands behind the header's last entry."""
        return tuple(one for one in self.nav if one not in self.entries)

    @property
    def consoles(self) -> tuple[NavItem, ...]:
        """The consoles for people and security that they have."""
        return consoles_of(self.principal)


async def visitor(request: Request) -> Visitor | None:
    """Who looks at this page; asked once for each request. None for the public."""
    if not hasattr(request.state, "visitor"):
        principal = await page_principal(request)
        request.state.visitor = await _introduce(request, principal) if principal else None
    return known_visitor(request)


def known_visitor(request: Request) -> Visitor | None:
    """What `visitor` found out earlier in this request; None if nobody asked."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    return found


async def logged_in(request: Request) -> Visitor:
    """
    Raises:
        NotAuthenticated: `log-in-first`; the error page leads to the log-in and back.
    """
    found = await visitor(request)
    if found is None:
        raise NotAuthenticated(LOG_IN_FIRST, Text("请先登录。", "Log in first."))
    return found


async def permitted(request: Request, *any_of: str) -> Visitor:
    """Somebody with at least one of these rights.

    Raises:
        NotAuthenticated: `log-in-first`.
        NotPermitted: `page-not-for-you`.
    """
    found = await logged_in(request)
    if not any(found.principal.may(scope) for scope in any_of):
        raise NotPermitted(
            "page-not-for-you",
            Text(
                "这一页给有相应岗位的工作人员用，您的账号没有这个岗位。有的话请先退出，再用工作账号登录。",
                "This page is for staff with that duty, and your account has none. If you have a staff account, "
                "log out and use that one.",
            ),
        )
    return found


def log_in_address(request: Request) -> str:
    """The log-in page, told to come back to this page."""
    return f"/login?next={quote(request.url.path, safe='/')}"


def navigation(principal: Principal) -> tuple[NavItem, ...]:
    """The pages that somebody with these rights has."""
    if principal.kind is not PrincipalKind.STAFF:
        return _OWN
    desk = _DESK if principal.may(CLERK) else ()
    window = (_WINDOW,) if principal.may(WINDOW) else ()
    office = (_OFFICE,) if any(map(principal.may, _OFFICE_DUTIES)) else ()
    figures = (_FIGURES,) if desk and not principal.may(ISSUER) else ()
    keys = (_KEYS, _CATALOGUE) if administers(principal) else ()
    portals = (_PORTALS,) if administers(principal) or principal.may(PORTAL_MANAGER) else ()
    receivers = (_RECEIVERS,) if principal.may(PORTAL_MANAGER) and not office else ()
    return (
        *keys,
        *portals,
        *receivers,
        *((_CONSOLES,) if consoles_of(principal) else ()),
        *desk,
        *figures,
        *window,
        *office,
        _VERIFY,
    )


def consoles_of(principal: Principal) -> tuple[NavItem, ...]:
    """Those for people, departments and staff; rules and events for those who watch over them."""
    manages, audits = principal.may(DEPARTMENT_MANAGER), principal.may(AUDIT_ADMIN)
    people = (_PEOPLE,) if administers(principal) or manages else ()
    staff = (_DEPARTMENTS, _STAFF) if administers(principal) or manages or audits else ()
    rules = (_POLICIES,) if administers(principal) or audits else ()
    events = (_EVENTS, _DELAYS) if principal.may(SECURITY_ADMIN) or audits else ()
    log = (_AUDIT,) if audits else ()
    return (*people, *staff, *rules, *events, *log)


def administers(principal: Principal) -> bool:
    """Whether somebody looks after the service itself."""
    return principal.may(SYSTEM_ADMIN) or principal.may(SECURITY_ADMIN)


def is_under(address: str, entry: str) -> bool:
    """Whether a page is that of an entry or one behind it."""
    return address == entry or address.startswith(entry + "/")


def home_of(principal: Principal) -> str:
    """The page that somebody with these rights comes for."""
    if principal.kind is not PrincipalKind.STAFF:
        return "/me"
    if any(map(principal.may, _OFFICE_DUTIES)):
        return "/office"
    if administers(principal):
        return "/admin/keys"
    if principal.may(PORTAL_MANAGER):
        return "/admin/portals"
    if principal.may(AUDIT_ADMIN):
        return "/admin/security"
    if principal.may(DEPARTMENT_MANAGER):
        return "/admin/staff"
    if principal.may(CLERK):
        return "/clerk"
    return "/window" if principal.may(WINDOW) else "/"


async def _introduce(request: Request, principal: Principal) -> Visitor:
    nav, name = navigation(principal), principal.name or ""
    if principal.kind is not PrincipalKind.STAFF or principal.organisation is None:
        hat = await container(request).idp.agency.acting.current(read_session_cookie(request))
        if hat is None:
            return Visitor(principal, name, Text("本人", "Yourself"), nav, home_of(principal))
        role, ends = ROLES[hat.authorisation.role], hat.authorisation.ends_on
        return Visitor(
            principal,
            name,
            role,
            nav,
            home_of(principal),
            hat.organisation.name,
            ends,
            may_switch=True,
            whole_authority=not hat.authorisation.items and principal.kind is PrincipalKind.PERSON,
            organisation=hat.organisation.uscc,
        )
    organisation = await container(request).idp.directory.organisation(principal.organisation)
    label = organisation.name if organisation else Text(principal.organisation, principal.organisation)
    return Visitor(principal, name, label, nav, home_of(principal), acting_for=label)
