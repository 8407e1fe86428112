"""Whether a client's registration fits the profile that it chose, so that it never finds out at its first log-in.

FAPI 2.0 Security Profile §5.3.3; FAPI 2.0 Message Signing §5.3.2, §5.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from idp.model import Client, GrantType
from idp.profiles.rules import ProfileRules, rules_of
from keys.spec import SignatureAlgorithm


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit: the member of the client's metadata, and why, for its developer."""

    field: str
    why: str


def misfits(client: Client) -> Sequence[Misfit]:
    """All that would be refused later; empty when the registration fits."""
    rules = rules_of(client)
    return [misfit for check in _CHECKS for misfit in check(client, rules)]


def _authentication(client: Client, rules: ProfileRules) -> Iterator[Misfit]:
    if rules.client_auth is not None and client.auth_method not in rules.client_auth:
        yield Misfit("token_endpoint_auth_method", f"the profile takes {_list(rules.client_auth)}")


def _grants(client: Client, rules: ProfileRules) -> Iterator[Misfit]:
    if rules.grants is not None and not client.grants <= rules.grants:
        yield Misfit("grant_types", f"the profile does not take {_list(client.grants - rules.grants)}")


def _response_types(client: Client, rules: ProfileRules) -> Iterator[Misfit]:
    if rules.response_types is None or GrantType.AUTHORIZATION_CODE not in client.grants:
        return
    if not client.metadata.response_types <= rules.response_types:
        yield Misfit("response_types", f"the profile takes {_list(rules.response_types)}")


def _algorithms(client: Client, rules: ProfileRules) -> Iterator[Misfit]:
    metadata = client.metadata
    chosen = {
        "id_token_signed_response_alg": client.id_token_alg,
        "token_endpoint_auth_signing_alg": metadata.token_endpoint_auth_signing_alg,
        "request_object_signing_alg": metadata.request_object_signing_alg,
        "userinfo_signed_response_alg": metadata.userinfo_signed_response_alg,
        "authorization_signed_response_alg": metadata.authorization_signed_response_alg,
        "introspection_signed_response_alg": metadata.introspection_signed_response_alg,
        "backchannel_authentication_request_signing_alg": metadata.backchannel_authentication_request_signing_alg,
    }
    taken = {str(algorithm) for algorithm in rules.algorithms}
    for field, algorithm in chosen.items():
        if algorithm is not None and str(algorithm) not in taken:
            yield Misfit(field, f"the profile takes {_list(rules.algorithms)}")


def _request_uris(client: Client, rules: ProfileRules) -> Iterator[Misfit]:
    if rules.pushed and client.metadata.request_uris:
        yield Misfit("request_uris", "the profile takes pushed requests only")


_CHECKS: tuple[Callable[[Client, ProfileRules], Iterator[Misfit]], ...] = (
    _authentication,
    _grants,
    _response_types,
    _algorithms,
    _request_uris,
)


def _list(values: frozenset[SignatureAlgorithm] | frozenset[GrantType] | frozenset[str]) -> str:
    return ", ".join(sorted(str(value) for value in values))
