"""Settings of the identity provider: lifetimes and limits. All durations are in seconds."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from core.settings import Section


class DpopNonce(StrEnum):
    """Whose DPoP proofs need a nonce of ours (RFC 9449 §8)."""

    FAPI = "fapi"  # clients with a profile of FAPI 2.0, which must know how (FAPI 2.0 §5.3.3.1)
    ALL = "all"


class CertificateChains(StrEnum):
    """Who has judged that an authority stands behind a client's certificate (RFC 8705 §2.1)."""

    OURS = "ours"
    PROXY = "proxy"  # it lets nobody through whose certificate it does not trust


class IdpSettings(Section):
    """What a deployment may choose.

    Attributes:
        issuer: the OpenID issuer, without a slash at its end.
        registration: who may register clients at `/register`: nobody, whoever holds an initial access token or a
            software statement, or anybody (a development instance for conformance tests).
        code_lifetime: authorization codes; at most 60 (RFC 6749 §4.1.2 allows 600, FAPI 2.0 §5.3.2.1 only 60).
        pushed_lifetime: pushed requests (RFC 9126 §2.2), from 60; FAPI 2.0 §5.3.2.2 wants less than 600.
        interaction_lifetime: from the portal's request until the person has finished logging in and consenting.
        session_idle, session_absolute: the single sign-on session without a visit, and in all.
        refresh_idle_…, refresh_absolute_…: refresh tokens with `offline_access` without a use, and in all, by what
            the client proves beside them: a private key, a secret, or nothing (public). The others go with their
            session: `session_idle` without a use, and its end.
        retry_window: how long a refresh request whose answer was lost may be repeated (ADR 26).
        tries_per_source: tries at one account (or whatever was typed for it) from one source that cost nothing, per
            `try_window`; `paid_tries_per_source` more cost computing.
        tries_per_identifier, paid_tries_per_identifier: the same from all sources together; browsers from which the
            person logged in before are not concerned.
        tries_per_source_wide, paid_tries_per_source_wide: tries of one source over all accounts, per
            `try_window_wide`.
        known_source_lifetime: how long a source counts as known that used a code which we sent.
        tries_per_device: tries at one account from a browser from which the person logged in before, per `try_window`.
        puzzle_bits, puzzle_bits_most: what a try costs: so many leading zero bits of SHA-256, and at most; each bit
            doubles the work.
        even_answers: how long an answer takes at least that could tell whether there is an account.
        stuffing_from: different accounts at which one source has failed within an hour, from which on it is suspected.
        spraying_from: the same for one password.
        step_wrong_per_day: wrong tries at an account's further factors from strange browsers.
        code_sent_lifetime, code_sent_tries: of a code that was sent to a phone or a mailbox.
        code_pause: between two codes to one address for one source, while the earlier one is not used.
        codes_per_source: codes to one address that one source may ask for, per `try_window`; used ones do not count.
        codes_per_address: the same for all sources that never used one, per `try_window_wide`.
        device_lifetime: device and user codes (RFC 8628 §3.2).
        device_requests_per_source: device authorizations that one source may ask for, per hour.
        poll_interval: between two polls of a device code or an auth_req_id; `slow_down` adds five seconds each time.
        code_tries_per_person: user codes that one person may try, per `code_try_window`.
        code_tries_per_source, code_tries_in_all: the same for one source and for everybody, per `code_try_window_wide`.
        dpop_nonce: whose proofs need a nonce of ours; it makes proofs worthless that were made in advance.
        assertion_lifetime: how far ahead a client assertion's `exp` may lie; its id is remembered for that long.
        national_tokens: clients and resources may ask for tokens signed by SM2; the deployment has a key for them.
        client_certificates: TLS clients can show certificates, to us or to a proxy that hands them on.
        certificate_challenges: people's certificates can also be shown by signing a line of text.
        mtls_url: where TLS clients are asked for a certificate, when not at the issuer (RFC 8705 §5).
        client_chains: who judges the certificates of `tls_client_auth`: we under our trust lists, or the proxy.
        step_up: scopes whose use asks for a stronger or fresher log-in (RFC 9470), in the form of
            `idp.step_up.read_demands`; none by default.
        ciba_lifetime: backchannel requests, unless another time is asked for; at most `ciba_lifetime_most`.
        ciba_requests_per_person: what one client may ask one person, per `ciba_lifetime_most`.
        hint_lifetime: the token that a person shows at a counter.
        notice_attempts: how often a message to a client's notification endpoint is tried; first again after
            `notice_retry_after`, then after twice the time each.
        client_cache: how long a registered client may be remembered by a process.
        link_freshness: how long after a log-in somebody may change how they log in.
        certificate_starts: log-ins by certificate that one source may begin in a minute.
        qr_codes_per_source: codes for log-in by QR code that one source may ask for in ten minutes.
        upstream_starts: log-ins at upstream providers that one source may begin in a minute.
        upstream_cache: how long the list of upstream providers may be remembered by a process.
    """

    issuer: str
    national_tokens: bool = False
    registration: Literal["off", "guarded", "open"] = "off"
    code_lifetime: int = Field(default=60, gt=0, le=60)
    pushed_lifetime: int = Field(default=90, ge=60, lt=600)
    interaction_lifetime: int = 1800
    access_token_lifetime: int = 600
    id_token_lifetime: int = 600
    session_idle: int = 3600
    session_absolute: int = 12 * 3600
    refresh_idle_key: int = 30 * 86400
    refresh_absolute_key: int = 90 * 86400
    refresh_idle_secret: int = 14 * 86400
    refresh_absolute_secret: int = 30 * 86400
    refresh_idle_public: int = 7 * 86400
    refresh_absolute_public: int = 30 * 86400
    retry_window: int = 15
    try_window: int = 900
    try_window_wide: int = 3600
    tries_per_source: int = 5
    paid_tries_per_source: int = 3
    tries_per_identifier: int = 6
    paid_tries_per_identifier: int = 6
    tries_per_source_wide: int = 1000
    paid_tries_per_source_wide: int = 1000
    known_source_lifetime: int = 90 * 86400
    step_wrong_per_day: int = 60
    code_sent_lifetime: int = 300
    code_sent_tries: int = 5
    code_pause: int = 60
    codes_per_source: int = 5
    codes_per_address: int = 20
    tries_per_device: int = 10
    puzzle_bits: int = Field(default=17, ge=0, le=28)
    puzzle_bits_most: int = Field(default=21, ge=0, le=28)
    even_answers: float = Field(default=0.1, ge=0, le=5)
    stuffing_from: int = Field(default=20, ge=2)
    spraying_from: int = Field(default=50, ge=2)
    device_lifetime: int = 600
    device_requests_per_source: int = 1000
    poll_interval: int = 5
    code_tries_per_person: int = 10
    code_try_window: int = 900
    code_tries_per_source: int = 60
    code_tries_in_all: int = 1000
    code_try_window_wide: int = 3600
    dpop_nonce: DpopNonce = DpopNonce.FAPI
    assertion_lifetime: int = 3600
    client_certificates: bool = False
    certificate_challenges: bool = False
    mtls_url: str | None = None
    client_chains: CertificateChains = CertificateChains.OURS
    step_up: str = ""
    ciba_lifetime: int = 300
    ciba_lifetime_most: int = 900
    ciba_requests_per_person: int = 15
    hint_lifetime: int = 300
    notice_attempts: int = 5
    notice_retry_after: int = 5
    client_cache: float = 5.0
    link_freshness: int = 300
    certificate_starts: int = 120
    qr_codes_per_source: int = 600
    upstream_starts: int = 120
    upstream_cache: float = 5.0
    logout_timeout: float = 3.0
    logout_attempts: int = 8
    logout_retry_after: int = 20

    @property
    def passkeys(self) -> bool:
        """Whether browsers make passkeys at our address: they want a host name (W3C WebAuthn L3 §5.1.2)."""
        try:
            ipaddress.ip_address(urlsplit(self.issuer).hostname or "")
        except ValueError:
            return True
        return False

    @property
    def person_certificates(self) -> bool:
        """Whether people can log in with certificates, in one way or another."""
        return self.client_certificates or self.certificate_challenges

    @property
    def bound_keys(self) -> bool:
        """Whether people can log in with keys that they cannot give away."""
        return self.passkeys or self.client_certificates

    @property
    def secure(self) -> bool:
        """True when the issuer is https."""
        return self.issuer.startswith("https://")
