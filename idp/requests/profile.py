"""What a client's profile demands of its authorization requests, whatever else they are.

FAPI 2.0 Security Profile §5.3.2.2; FAPI 2.0 Message Signing §5.3.1, §5.4.1; RFC 9126 §6; RFC 9101 §10.5.
"""

from __future__ import annotations

from idp.errors import InvalidRequest, UnsupportedResponseType
from idp.model import Client
from idp.profiles.rules import must_push, must_sign_requests, rules_of
from idp.requests.sources import Resolved


def check_profile(resolved: Resolved, client: Client) -> None:
    """
    Raises:
        InvalidRequest: not pushed, not signed, without a code challenge, or with an answer of another kind.
        UnsupportedResponseType: as the name says.
    """
    if must_push(client) and not resolved.source.pushed:
        raise InvalidRequest("the client must push its authorization requests")
    if must_sign_requests(client) and not resolved.source.signed:
        raise InvalidRequest("the client must sign its authorization requests")
    parameters, rules = resolved.parameters, rules_of(client)
    response_type = parameters.get("response_type")
    if rules.response_types is not None and response_type is not None and response_type not in rules.response_types:
        raise UnsupportedResponseType("the client's profile does not allow this response_type")
    if rules.response_modes is not None and parameters.get("response_mode") not in rules.response_modes:
        raise InvalidRequest("the client's profile demands a signed response_mode")
    if rules.pkce and "code_challenge" not in parameters:  # whatever the client registered
        raise InvalidRequest("code_challenge is required")
