"""Keys that people hold: passkeys, certificates, a phone that scans."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from markupsafe import Markup

from api.web.views.entrance import AskingView
from core.text import Text


@dataclass(frozen=True, slots=True)
class PasskeyLoginView:
    """`/login/passkey`, `/login/step/passkey`.

    Attributes:
        options: for `navigator.credentials.get`; None where passkeys do not work at this address.
        other: where the other ways to log in are.
        step: it is the second step of a log-in.
    """

    action: str
    options: str | None = field(repr=False)
    other: str
    asking: AskingView = field(default_factory=AskingView)
    error: Text | None = None
    step: bool = False


@dataclass(frozen=True, slots=True)
class CertificateLoginView:
    """`/login/certificate`.

    Attributes:
        offered: certificates can be shown here, in a TLS handshake.
        sign: where a challenge is asked for; None where none is given.
    """

    action: str
    other: str
    offered: bool
    asking: AskingView = field(default_factory=AskingView)
    error: Text | None = None
    step: bool = False
    sign: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateChallengeView:
    """The line to sign, and a form for certificate and signature.

    Attributes:
        word: one-time, of the challenge.
        own: to bind the certificate to one's account.
    """

    action: str
    word: str = field(repr=False)
    challenge: str = field(repr=False)
    other: str
    asking: AskingView = field(default_factory=AskingView)
    step: bool = False
    own: bool = False


@dataclass(frozen=True, slots=True)
class QrScreenView:
    """`/login/qr/wait`: the code, then the number.

    Attributes:
        picture: of the address that the code leads to; None once it was scanned.
        state: `waiting`, `scanned`, `refused` or `over`.
        number: two digits, once the code was scanned.
        again: where a new code is made.
    """

    state: str
    seconds: int
    again: str
    other: str
    picture: Markup | None = field(default=None, repr=False)
    number: str = field(default="", repr=False)
    asking: AskingView = field(default_factory=AskingView)


@dataclass(frozen=True, slots=True)
class ScanView:
    """`/scan/{code}`: where somebody wants to be logged in, as whom, for what.

    Attributes:
        client_name: None for our own pages.
        source: network address of the screen.
        device: browser and system of the screen.
        name: of the person who would be logged in there.
    """

    action: str = field(repr=False)
    client_name: Text | None
    source: str = field(repr=False)
    same_network: bool
    device: Text
    device_icon: str
    asked_at: dt.datetime
    minutes_left: int
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ScanDoneView:
    """`/scan/done`, and the page when there is nothing to decide. `granted`: None where it was no decision."""

    granted: bool | None
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One passkey in its owner's list."""

    name: str = field(repr=False)
    model: str | None
    bound: bool
    suspended: bool
    created_at: dt.datetime
    used_at: dt.datetime | None
    href: str


@dataclass(frozen=True, slots=True)
class PasskeysView:
    """`/me/security/passkeys`.

    Attributes:
        again_href: where to log in once more before anything can be changed; None while it can be.
        works: passkeys work at this address.
    """

    rows: tuple[PasskeyRow, ...]
    again_href: str | None
    works: bool
    full: bool
    done: Text | None = None


@dataclass(frozen=True, slots=True)
class PasskeyAddView:
    """`/me/security/passkeys/add`. `options`: for `navigator.credentials.create`."""

    options: str = field(repr=False)
    name: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class KeyView:
    """One passkey or certificate, to be named or removed."""

    action: str
    name: str = field(repr=False)
    typed: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None
    again_href: str | None = None


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """One certificate in its owner's list."""

    name: str = field(repr=False)
    issuer: str
    bound: bool
    over: bool
    not_after: dt.datetime
    used_at: dt.datetime | None
    href: str


@dataclass(frozen=True, slots=True)
class CertificatesView:
    """`/me/security/certificates`.

    Attributes:
        again_href: as in `PasskeysView`.
        offered: certificates can be shown here, in a TLS handshake.
        sign: and by signing a challenge.
    """

    rows: tuple[CertificateRow, ...]
    again_href: str | None
    offered: bool
    done: Text | None = None
    name: str = field(default="", repr=False)
    error: Text | None = None
    error_field: str | None = None
    sign: bool = False
