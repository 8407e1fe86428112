"""Front page, log-in, scopes, log-out."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.web.asked_details import DetailWords
from api.web.puzzles import PuzzleView
from api.web.views.steps import MethodWords
from api.web.views.upstream import WayIn
from core.text import Text


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An invented person, with the password that everybody may know."""

    name: str
    identifier: str
    password: str
    what: Text


@dataclass(frozen=True, slots=True)
class DemoPortal:
    """One of the two demo portals."""

    name: Text
    what: Text
    href: str


@dataclass(frozen=True, slots=True)
class FrontView:
    """`/`: which door; accounts and portals in demo mode only."""

    accounts: tuple[DemoAccount, ...] = ()
    portals: tuple[DemoPortal, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteWords:
    """Where a portal says what it does with data, and on which terms; addresses that it registered."""

    policy: str | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class LoginTab:
    """A way to log in that has a form of its own on this page."""

    label: Text
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class OtherWay:
    """A way to log in that begins with a click."""

    icon: str
    label: Text
    href: str


@dataclass(frozen=True, slots=True)
class AskingView:
    """Which portal asks for a log-in; empty for our own pages."""

    client_name: Text | None = None
    client_host: str = ""


@dataclass(frozen=True, slots=True)
class LoginView:
    """`/login`: who asks, what was typed, what was wrong with it. The password is never sent back.

    Attributes:
        ways: other providers that would do.
        passkey_options: for `navigator.credentials.get`, so that the browser offers passkeys in the first field.
        passkey_action: where its answer goes.
        password: False where a password would not be enough.
        puzzle: what the browser computes before the next try.
        tabs: ways with a form; none where there is one only.
        others: ways without.
    """

    action: str
    client_name: Text | None = None
    client_host: str = ""
    identifier: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None
    demo_accounts: tuple[DemoAccount, ...] = ()
    compact: bool = False
    ways: tuple[WayIn, ...] = ()
    password: bool = True
    site: SiteWords = SiteWords()
    passkey_options: str | None = field(default=None, repr=False)
    passkey_action: str = ""
    puzzle: PuzzleView | None = None
    tabs: tuple[LoginTab, ...] = ()
    others: tuple[OtherWay, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLoginView(LoginView):
    """`/login/sms`, `/login/email`: ask for a code, then type it.

    Attributes:
        ticket: of the code that was sent; empty until then.
    """

    method: MethodWords
    ticket: str = field(default="", repr=False)
    demo: bool = False


@dataclass(frozen=True, slots=True)
class AccountChoiceView:
    """`/select-account`: go on as `name`, or log in as somebody else. `compact` for a small window."""

    action: str
    other: str
    client_name: Text
    client_host: str
    name: str = field(repr=False)
    compact: bool = False


@dataclass(frozen=True, slots=True)
class ScopeWords:
    """What a scope gives away."""

    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class ConsentItem:
    """One thing that a portal asks for.

    Attributes:
        tells: what of it would be told, piece by piece.
        optional: the person may leave it out.
        essential: the portal says that it cannot go on without it.
        sensitive: agreed to by itself (PIPL Art. 29).
        before: given to this portal already.
    """

    scope: str
    title: Text
    text: Text
    tells: tuple[Text, ...]
    optional: bool
    essential: bool = False
    sensitive: bool = False
    before: bool = False


@dataclass(frozen=True, slots=True)
class ScopesView:
    """`/consent`: who wants to know what about the person, why, how long, and how it is taken back.

    Attributes:
        gives: the pseudonym, which is told in any case.
        details: what it asks for in detail, each time anew.
        elsewhere: it asks for something at other services.
        days: the longest that it can be used while the person is away; None when that was not asked for.
    """

    action: str
    client_name: Text
    client_host: str
    gives: ScopeWords
    items: tuple[ConsentItem, ...] = ()
    details: tuple[DetailWords, ...] = ()
    elsewhere: bool = False
    site: SiteWords = SiteWords()
    office: Text | None = None
    contacts: tuple[str, ...] = ()
    days: int | None = None

    @property
    def choices(self) -> bool:
        return any(item.optional for item in self.items)


@dataclass(frozen=True, slots=True)
class LogoutView:
    """`/logout`: the question, and where "no" leads. `portal` is the site that seems to ask."""

    action: str
    stay: str
    portal: Text | None = None


@dataclass(frozen=True, slots=True)
class LoggedOutView:
    """After log-out.

    Attributes:
        frames: addresses of portals that hear of it from this page.
        onward: the page goes on to `back_to` by itself.
        elsewhere: the provider at which they may log out too; `farewell` names this page in the form.
    """

    frames: tuple[str, ...] = field(default=(), repr=False)
    back_to: str | None = field(default=None, repr=False)
    back_name: Text | None = None
    back_host: str = ""
    onward: bool = False
    elsewhere: Text | None = None
    farewell: str = field(default="", repr=False)
