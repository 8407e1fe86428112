"""Where we and the other provider answer differently, and why."""

from __future__ import annotations

from collections.abc import Sequence

# the reason, our words, theirs, and the cases
_GROUPS: Sequence[tuple[str, str, str, Sequence[str]]] = (
    (
        "they leave an unknown scope out, we name the mistake (RFC 6749 §5.2)",
        "400 invalid_scope",
        "200 access_token",
        ["client: scope unknown"],
    ),
    (
        "only the registered method counts (OIDC Core §9); they take any way to send a secret",
        "401 Basic invalid_client",
        "200 access_token",
        ["client: another method than the registered one"],
    ),
    (
        (
            "a client that does not prove itself is invalid_client (RFC 6749 §5.2); they call the form of the "
            "proof invalid"
        ),
        "401 Basic invalid_client",
        "400 invalid_request",
        [
            "client: a header that is no Basic",
            "client: a Bearer header",
            "client: empty secret",
            "client: secret that is not ASCII",
            "client: an assertion that is no token",
            "code: without client authentication",
            "device: begin by nobody",
            "introspection: no client",
        ],
    ),
    (
        "a 401 has a challenge (RFC 9110 §15.5.2), and Basic is one that we take",
        "401 Basic invalid_client",
        "401 invalid_client",
        [
            "client: a public one with a secret",
            "push: by nobody",
            "assertion: for somebody else",
            "assertion: expired",
            "assertion: without jti",
            "assertion: without exp",
            "assertion: without sub",
            "assertion: of another client",
            "assertion: unsigned",
            "assertion: signed with HS256",
            "assertion: signed with a key that is not the client's",
        ],
    ),
    (
        "a 401 has a challenge (RFC 9110 §15.5.2), and Basic is one that we take",
        "200 inactive; 401 Basic invalid_client",
        "200 inactive; 401 invalid_client",
        ["assertion: twice"],
    ),
    (
        "the address exists, the method does not (RFC 9110 §15.5.6)",
        "405",
        "404",
        ["token: GET", "pushed: GET"],
    ),
    (
        "the address exists, the method does not (RFC 9110 §15.5.6)",
        "page 405",
        "page 404",
        ["authorize: by PUT"],
    ),
    (
        "interval is optional (RFC 8628 §3.2); they leave the default unsaid",
        "device_code expires_in interval user_code verification_uri verification_uri_complete",
        "device_code expires_in user_code verification_uri verification_uri_complete",
        ["device: begin"],
    ),
    (
        "the code for it is unauthorized_client (RFC 6749 §5.2)",
        "400 unauthorized_client",
        "400 invalid_request",
        ["device: begin by a client that may not", "code: grant that the client may not use"],
    ),
    (
        "they ask for a nonce instead (RFC 9449 §8 leaves it open)",
        "400 invalid_dpop_proof",
        "400 use_dpop_nonce",
        ["dpop: too old"],
    ),
    (
        "the proof is what is wrong (RFC 9449 §5)",
        "200 access_token; 400 invalid_dpop_proof",
        "200 access_token; 400 invalid_grant",
        ["dpop: the same proof twice"],
    ),
    (
        "we challenge in the scheme that was used",
        "401 Bearer invalid_token",
        "401 DPoP invalid_token",
        ["dpop: a bound token as Bearer"],
    ),
    (
        "RFC 9126 §2.1: the parameter must not be there, whether or not it is supported elsewhere",
        "400 invalid_request",
        "400 request_uri_not_supported",
        ["push: with a request_uri"],
    ),
    (
        "without parameters of its own the request has no address to be trusted, so the page is ours",
        "page 400",
        "query invalid_request_object state lost",
        ["pushed: used by another client"],
    ),
    (
        "RFC 9207 §2 asks for iss in every response; they leave it out where the ID token has one",
        "fragment code id_token iss state",
        "fragment code id_token state iss missing",
        ["hybrid: code id_token"],
    ),
    (
        "RFC 9207 §2 asks for iss in every response; they leave it out where the ID token has one",
        "fragment id_token iss state",
        "fragment id_token state iss missing",
        ["hybrid: id_token"],
    ),
    (
        "RFC 9207 §2, as above",
        "fragment access_token code expires_in id_token iss scope state token_type",
        "fragment access_token code expires_in id_token scope state token_type iss missing",
        ["hybrid: code id_token token"],
    ),
    (
        "RFC 9207 §2, as above",
        "fragment access_token expires_in id_token iss scope state token_type",
        "fragment access_token expires_in id_token scope state token_type iss missing",
        ["hybrid: id_token token"],
    ),
    (
        ("a response type that may not use the query gets its errors in the fragment too (Multiple Response Types §5)"),
        "fragment invalid_request",
        "query invalid_request",
        ["hybrid: code id_token in the query", "hybrid: id_token in the query"],
    ),
    (
        "a verifier that cannot fit does not fit (RFC 7636 §4.6); one answer for every wrong one",
        "400 invalid_grant",
        "400 invalid_request",
        ["code: verifier of 42 letters", "code: verifier of 129 letters"],
    ),
    (
        "not identical with the one of the request (RFC 6749 §4.1.3), and the code is burnt",
        "400 invalid_grant",
        "400 invalid_request",
        ["code: redirect_uri missing"],
    ),
    (
        "a code is spent by the first try, whoever makes it (RFC 9700 §4.5)",
        "400 invalid_grant; then 400 invalid_grant",
        "400 invalid_grant; then 200 access_token id_token refresh_token",
        ["code: after a wrong verifier"],
    ),
    (
        "OIDC Core §3.1.2.1: GET and POST; they have it behind a setting that demands cookies for all sites",
        "asks",
        "page 404",
        ["authorize: by POST"],
    ),
    (
        "the code for it is unauthorized_client (RFC 6749 §4.2.2.1)",
        "fragment unauthorized_client",
        "fragment invalid_request",
        ["authorize: response_type id_token without registration"],
    ),
    (
        "parameters that cannot be told apart are not trusted with a redirect",
        "page 400",
        "query invalid_request",
        ["authorize: response_type twice"],
    ),
    (
        "the scope is what is wrong (RFC 6749 §4.1.2.1)",
        "query invalid_scope",
        "query invalid_request",
        ["authorize: scope missing", "authorize: scope without openid"],
    ),
    (
        "both members are optional (OIDC Core §5.5)",
        "asks",
        "query invalid_request",
        ["authorize: claims empty"],
    ),
    (
        "we know before the log-in that it cannot be met (OIDC Core §5.5.1.1)",
        "query unmet_authentication_requirements",
        "asks",
        ["authorize: essential acr that cannot be met"],
    ),
    (
        "that code is not registered with IANA",
        "query invalid_request",
        "query unsupported_response_mode",
        ["authorize: response_mode unknown"],
    ),
    (
        "a request without a token gets a challenge without an error (RFC 6750 §3.1)",
        "401 Bearer",
        "401 Bearer invalid_token",
        ["userinfo: no token"],
    ),
    (
        "neither Basic nor the query holds an access token that counts (RFC 6750 §2, §5.3), so there is none",
        "401 Bearer",
        "400 Bearer invalid_request",
        ["userinfo: Basic", "userinfo: token in the query"],
    ),
    (
        "the token is good, but was not issued for openid (RFC 6750 §3.1)",
        "403 Bearer insufficient_scope",
        "401 Bearer invalid_token",
        ["userinfo: token of a client itself"],
    ),
    (
        "an object without a signature is no bad one, but one that we do not support (OIDC Core §3.1.2.6, §6.1)",
        "query request_not_supported",
        "query invalid_request_object",
        ["object: unsigned"],
    ),
    (
        "a client that proves itself gets a lost answer again for some seconds (docs/adr/0026-lost-answers.md)",
        "200 access_token id_token refresh_token; the successor: 200 access_token id_token refresh_token",
        "400 invalid_grant; the successor: 400 invalid_grant",
        ["refresh: twice"],
    ),
    (
        "a client learns nothing of others' tokens (RFC 7662 §4); theirs is a policy to be set",
        "200 inactive",
        "200 active",
        ["introspection: of another client"],
    ),
)

DIFFERENCES: dict[str, tuple[str, str]] = {
    name: (ours, theirs) for _why, ours, theirs, names in _GROUPS for name in names
}
