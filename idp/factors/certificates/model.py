"""What is kept of a certificate that a person has bound to their account."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from keys.trust.model import Assurance


@dataclass(frozen=True, slots=True)
class BoundCertificate:
    """
    Attributes:
        thumbprint: `x5t#S256` of the certificate.
        name: what its owner calls it, sealed.
        issuer: name of the authority, as the certificate has it.
    """

    id: str
    account_id: str
    thumbprint: str
    name: bytes = field(repr=False)
    issuer: str
    bound: bool
    not_after: dt.datetime
    created_at: dt.datetime
    used_at: dt.datetime | None = None


class Purpose(StrEnum):
    """What a certificate is shown for."""

    LOG_IN = "log-in"
    BIND = "bind"


class Fault(StrEnum):
    """Why a shown certificate is not accepted."""

    NONE_SHOWN = "none-shown"
    UNREADABLE = "unreadable"
    NOT_SIGNED = "not-signed"
    REVOKED = "revoked"
    UNTRUSTED = "untrusted"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class Begun:
    """A browser is about to show a certificate.

    Attributes:
        browser: digest of a secret that only this browser has.
        session_id: of the person who binds a certificate; None at a log-in.
        name: what the certificate will be called.
    """

    purpose: Purpose
    browser: str = field(repr=False)
    interaction_id: str | None = field(default=None, repr=False)
    goal: str | None = None
    session_id: str | None = None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of it, on its way back to the browser that began.

    Attributes:
        thumbprint: `x5t#S256` of the certificate; empty where none was accepted.
        numbers: what has the form of an ID number in it.
        assurance: how sure its authority is of whom it certified.
        by_challenge: its key signed our challenge instead of a TLS handshake. Another site may have shown the same
            challenge to its holder, so this is no key that cannot be given away.
    """

    begun: Begun
    fault: Fault | None = None
    thumbprint: str = ""
    numbers: tuple[str, ...] = field(default=(), repr=False)
    assurance: Assurance | None = None
    issuer: str = ""
    not_after: dt.datetime | None = None
    by_challenge: bool = False


def certificate_name_context(certificate_id: str) -> str:
    """The place that a certificate's name is bound to."""
    return f"person_certificate.name:{certificate_id}"
