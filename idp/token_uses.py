"""The uses of token digests: a digest made for one use is nothing in another."""

from __future__ import annotations

CLIENT_SECRET = "client-secret"  # noqa: S105 - the name of a use
SESSION = "session"
CODE = "code"
INTERACTION = "interaction"
BROWSER = "browser"
STEP = "login-step"
AUTHORISATION_CODE = "authorisation-code"
ONE_TIME_CODE = "one-time-code"
CODE_TICKET = "code-log-in"
RETRY = "retry"
REFRESH = "refresh"
DPOP_NONCE = "dpop-nonce"
PUSHED = "pushed"
UPSTREAM_STATE = "upstream-state"
UPSTREAM_BROWSER = "upstream-browser"
UPSTREAM_LOGOUT = "upstream-logout"
FAREWELL = "farewell"
LOGOUT_QUESTION = "logout-question"
DEVICE_CODE = "device-code"
USER_CODE = "user-code"
AUTH_REQ_ID = "auth-req-id"
LOGIN_HINT = "login-hint"
INITIAL_ACCESS = "initial-access"
REGISTRATION_ACCESS = "registration-access"
PASSKEY = "passkey"
CERTIFICATE = "certificate-login"
QR_CODE = "qr-code"
PUZZLE = "puzzle"
RESET = "password-reset"
TRIED_SECRET = "tried-secret"  # noqa: S105 - the name of a use
DEVICE = "known-device"

ONCE_PLAIN = frozenset({CLIENT_SECRET, SESSION, CODE})
"""Uses whose digests were plain SHA-256 in an earlier release, and whose rows may have outlived it."""
