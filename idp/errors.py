"""Errors of the identity provider: one class per OAuth or OpenID Connect error code.

::

    AppError
    ├── OAuthError                       told by JSON or by redirect; `code` is the registered error code
    │   ├── InvalidRequest               invalid_request              RFC 6749 §4.1.2.1, §5.2
    │   │   └── RequestTooLong           invalid_request              RFC 9126 §2.3
    │   │   └── KeyUnusable              what is for the client only cannot be encrypted to it
    │   ├── InvalidClient                invalid_client               RFC 6749 §5.2
    │   ├── InvalidGrant                 invalid_grant                RFC 6749 §5.2
    │   ├── UnauthorizedClient           unauthorized_client          RFC 6749 §4.1.2.1, §5.2
    │   ├── UnsupportedGrantType         unsupported_grant_type       RFC 6749 §5.2
    │   ├── UnsupportedResponseType      unsupported_response_type    RFC 6749 §4.1.2.1
    │   ├── InvalidScope                 invalid_scope                RFC 6749 §4.1.2.1, §5.2
    │   ├── AccessDenied                 access_denied                RFC 6749 §4.1.2.1
    │   ├── LoginRequired                login_required               OIDC Core §3.1.2.6
    │   ├── ConsentRequired              consent_required             OIDC Core §3.1.2.6
    │   ├── AccountSelectionRequired     account_selection_required   OIDC Core §3.1.2.6
    │   ├── InteractionRequired          interaction_required         OIDC Core §3.1.2.6
    │   ├── RequestNotSupported          request_not_supported        OIDC Core §3.1.2.6
    │   ├── RequestUriNotSupported       request_uri_not_supported    OIDC Core §3.1.2.6
    │   ├── InvalidRequestObject         invalid_request_object       OIDC Core §3.1.2.6, RFC 9101 §7
    │   ├── InvalidRequestUri            invalid_request_uri          OIDC Core §3.1.2.6, RFC 9101 §7
    │   ├── InvalidTarget                invalid_target               RFC 8707 §2
    │   ├── InvalidAuthorizationDetails  invalid_authorization_details  RFC 9396 §5
    │   ├── RegistrationNotSupported     registration_not_supported   OIDC Core §3.1.2.6
    │   ├── AuthorizationPending         authorization_pending        RFC 8628 §3.5, CIBA Core §11
    │   ├── SlowDown                     slow_down                    RFC 8628 §3.5, CIBA Core §11
    │   ├── ExpiredToken                 expired_token                RFC 8628 §3.5, CIBA Core §11
    │   ├── UnknownUserId                unknown_user_id              CIBA Core §13
    │   ├── ExpiredLoginHint             expired_login_hint_token     CIBA Core §13
    │   ├── InvalidBindingMessage        invalid_binding_message      CIBA Core §13
    │   ├── UnmetAuthentication          unmet_authentication_requirements
    │   ├── RegistrationError            a registration that is refused
    │   │   ├── InvalidRedirectUri            invalid_redirect_uri           RFC 7591 §3.2.2
    │   │   ├── InvalidClientMetadata         invalid_client_metadata        RFC 7591 §3.2.2
    │   │   ├── InvalidSoftwareStatement      invalid_software_statement     RFC 7591 §3.2.2
    │   │   └── UnapprovedSoftwareStatement   unapproved_software_statement  RFC 7591 §3.2.2
    │   ├── InvalidDpopProof             invalid_dpop_proof           RFC 9449 §5
    │   │   └── UseDpopNonce             use_dpop_nonce               RFC 9449 §8, §9
    │   ├── InvalidToken                 invalid_token                RFC 6750 §3.1
    │   ├── InsufficientAuthentication   insufficient_user_authentication  RFC 9470 §3
    │   └── InsufficientScope            insufficient_scope           RFC 6750 §3.1
    ├── InvalidInput
    │   ├── UserCodeUnknown    no device waits under this code (any more)
    │   ├── RequestRefused     the authorization request cannot be answered by redirect: a page of ours says why
    │   └── WrongCredentials   identifier and password do not fit together
    ├── NotAuthenticated
    │   └── ProofRefused       the key that an access token is bound to was not proved
    └── NotFound
        └── InteractionGone    the log-in took too long, was finished already, or was begun in another browser
"""

from __future__ import annotations

from typing import ClassVar

from core.errors import AppError, InvalidInput, NotAuthenticated, NotFound
from core.text import Text
from idp.abuse.puzzle import Puzzle


class OAuthError(AppError):
    """An error that OAuth 2.0 or OpenID Connect has a code for.

    Args:
        description: for the client's developer; ASCII without quotes and backslashes (RFC 6749 §5.2).
        private: detail for the log only.
    """

    error: ClassVar[str] = "server_error"

    def __init__(self, description: str, *, private: str = "") -> None:
        super().__init__(self.error, Text(description, description), private=private)
        self.description = description


class InvalidRequest(OAuthError):
    error = "invalid_request"


class RequestTooLong(InvalidRequest):
    """More than is read (RFC 9126 §2.3: told by status 413)."""


class KeyUnusable(InvalidRequest):
    """The client registered that something is encrypted to it, and has no key for that."""


class InvalidClient(OAuthError):
    """`challenge` is True when the client tried HTTP Basic, so that the answer must carry a challenge."""

    error = "invalid_client"

    def __init__(
        self, description: str = "client authentication failed", *, private: str = "", challenge: bool = False
    ) -> None:
        super().__init__(description, private=private)
        self.challenge = challenge


class InvalidGrant(OAuthError):
    error = "invalid_grant"


class UnauthorizedClient(OAuthError):
    error = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    error = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    error = "unsupported_response_type"


class InvalidScope(OAuthError):
    error = "invalid_scope"


class AccessDenied(OAuthError):
    error = "access_denied"


class LoginRequired(OAuthError):
    error = "login_required"


class ConsentRequired(OAuthError):
    error = "consent_required"


class AccountSelectionRequired(OAuthError):
    error = "account_selection_required"


class InteractionRequired(OAuthError):
    error = "interaction_required"


class RequestNotSupported(OAuthError):
    error = "request_not_supported"


class RequestUriNotSupported(OAuthError):
    error = "request_uri_not_supported"


class InvalidRequestObject(OAuthError):
    error = "invalid_request_object"


class InvalidRequestUri(OAuthError):
    error = "invalid_request_uri"


class InvalidTarget(OAuthError):
    error = "invalid_target"


class InvalidAuthorizationDetails(OAuthError):
    error = "invalid_authorization_details"


class RegistrationNotSupported(OAuthError):
    error = "registration_not_supported"


class AuthorizationPending(OAuthError):
    error = "authorization_pending"


class SlowDown(OAuthError):
    error = "slow_down"


class ExpiredToken(OAuthError):
    error = "expired_token"


class UnknownUserId(OAuthError):
    error = "unknown_user_id"


class ExpiredLoginHint(OAuthError):
    error = "expired_login_hint_token"


class InvalidBindingMessage(OAuthError):
    error = "invalid_binding_message"


class UnmetAuthentication(OAuthError):
    error = "unmet_authentication_requirements"


class RegistrationError(OAuthError):
    """A registration that is refused; `field` is the member of the document that is to blame."""

    def __init__(self, description: str, *, field: str | None = None, private: str = "") -> None:
        super().__init__(description, private=private)
        self.field = field


class InvalidRedirectUri(RegistrationError):
    error = "invalid_redirect_uri"


class InvalidClientMetadata(RegistrationError):
    error = "invalid_client_metadata"


class InvalidSoftwareStatement(RegistrationError):
    error = "invalid_software_statement"


class UnapprovedSoftwareStatement(RegistrationError):
    error = "unapproved_software_statement"


class InvalidDpopProof(OAuthError):
    error = "invalid_dpop_proof"


class UseDpopNonce(InvalidDpopProof):
    """The proof lacks a nonce that counts now; the one to use goes into the header `DPoP-Nonce`."""

    error = "use_dpop_nonce"

    def __init__(self, nonce: str) -> None:
        super().__init__("the DPoP proof needs the nonce that is in the header DPoP-Nonce")
        self.nonce = nonce


class ProofRefused(NotAuthenticated):
    """The proof of the key that an access token is bound to is not good; `error` says so in OAuth's words."""

    def __init__(self, error: InvalidDpopProof) -> None:
        text = Text(
            "请求没有按要求证明持有密钥：{why}。",
            "The request does not prove its key as it must: {why}.",
        )
        super().__init__("proof-refused", text.format(why=error.description), private=error.private)
        self.error = error


class InvalidToken(OAuthError):
    error = "invalid_token"


class InsufficientAuthentication(OAuthError):
    """The person must log in again, more strongly or anew, before this is answered (RFC 9470 §3).

    Args:
        acr_values: the contexts of which one is needed.
        max_age: seconds since the log-in, at most.
    """

    error = "insufficient_user_authentication"

    def __init__(self, description: str, *, acr_values: tuple[str, ...] = (), max_age: int | None = None) -> None:
        super().__init__(description)
        self.acr_values = acr_values
        self.max_age = max_age


class LogInAgain(NotAuthenticated):
    """The log-in behind an access token is too weak or too old for this call; `error` says so in OAuth's words."""

    def __init__(self, error: InsufficientAuthentication) -> None:
        super().__init__(
            "step-up-needed",
            Text(
                "这一步要求更强或更近的登录：请按 WWW-Authenticate 里的要求，让本人重新登录一次。",
                "This takes a stronger or a fresher log-in: have the person log in as WWW-Authenticate says.",
            ),
            private=error.private,
        )
        self.error = error


class InsufficientScope(OAuthError):
    error = "insufficient_scope"


class RequestRefused(InvalidInput):
    """The portal's request cannot be trusted enough to redirect anywhere (RFC 6749 §4.1.2.1)."""


class WrongCredentials(InvalidInput):
    """Identifier and password do not fit; says the same whether or not the account exists.

    Args:
        puzzle: what the browser computes for the next try; None while tries are free.
    """

    def __init__(self, code: str, text: Text, *, field: str, puzzle: Puzzle | None = None) -> None:
        super().__init__(code, text, field=field)
        self.puzzle = puzzle


class UserCodeUnknown(InvalidInput):
    """No device waits under this code; the same whether it never did, has expired or was decided about."""

    def __init__(self) -> None:
        super().__init__(
            "user-code-unknown",
            Text(
                "没有设备在等这个代码：可能输错了，也可能已经过期。请照着设备屏幕再输一次；过期了就在设备上重新取一个。",
                "No device is waiting under this code: it may be mistyped, or out of date. Type it again as the device "
                "shows it, or get a new one there.",
            ),
            field="user_code",
        )


class StepGone(NotFound):
    """No log-in has begun in this browser, or it took too long."""

    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "step-gone",
            Text(
                "这次登录已经结束或过期了。请从头再登录一次。",
                "This log-in has ended or expired. Log in again from the start.",
            ),
            private=private,
        )


class InteractionGone(NotFound):
    """No such log-in is under way in this browser."""

    def __init__(self, *, private: str = "") -> None:
        super().__init__(
            "interaction-gone",
            Text(
                "这次登录已经结束或过期了。请回到原来的网站，重新点一次登录。",
                "This log-in has ended or expired. Go back to the site you came from and choose log in again.",
            ),
            private=private,
        )
