"""Tries the connection to a provider without logging anybody in, step by step, for its administrator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.errors import AppError
from core.text import Text
from idp.settings import IdpSettings
from idp.upstream.credentials import ClientCredentials
from idp.upstream.depart import callback_uri, error_code
from idp.upstream.documents import Documents
from idp.upstream.errors import UpstreamUnavailable
from idp.upstream.model import Provider
from idp.upstream.transport import Transport


@dataclass(frozen=True, slots=True)
class Finding:
    """One step: what was tried, whether it holds, and what stands against it."""

    step: str
    good: bool
    what: Text
    private: str = ""


class CheckProvider:
    """The use case; what depends on a step that failed is not tried.

    Args:
        fresh: documents that remember nothing from before.
    """

    def __init__(
        self,
        fresh: Callable[[], Documents],
        transport: Transport,
        credentials: ClientCredentials,
        settings: IdpSettings,
    ) -> None:
        self._fresh = fresh
        self._transport = transport
        self._credentials = credentials
        self._settings = settings

    async def __call__(self, provider: Provider) -> Sequence[Finding]:
        """`metadata`, `keys`, `credentials`, in this order, up to the first that fails."""
        findings: list[Finding] = []
        documents = self._fresh()
        steps: tuple[tuple[str, Callable[[Provider, Documents], Awaitable[Text]]], ...] = (
            ("metadata", self._metadata),
            ("keys", self._keys),
            ("credentials", self._credentials_taken),
        )
        for name, step in steps:
            try:
                findings.append(Finding(name, True, await step(provider, documents)))
            except AppError as error:
                findings.append(Finding(name, False, error.text, error.private))
                break
        return findings

    async def _metadata(self, provider: Provider, documents: Documents) -> Text:
        found = await documents.metadata(provider)
        has = [
            name
            for name, there in (
                ("PAR", found.pushed_authorization_request_endpoint),
                ("userinfo", found.userinfo_endpoint),
                ("RP-initiated logout", found.end_session_endpoint),
                ("iss", found.names_issuer),
            )
            if there
        ]
        if provider.userinfo and found.userinfo_endpoint is None:
            raise UpstreamUnavailable(provider.name, private="userinfo is asked for and there is no endpoint")
        return Text("元数据可读，签发者一致：{has}", "Metadata is there, the issuer is right: {has}").format(
            has=", ".join(has) or "-"
        )

    async def _keys(self, provider: Provider, documents: Documents) -> Text:
        keys = await documents.keys(provider)
        fitting = {str(algorithm) for algorithm in provider.algorithms if any(algorithm in k.fits for k in keys.keys)}
        if not fitting:
            raise UpstreamUnavailable(
                provider.name, private=f"no key for an allowed algorithm; left out {keys.left_out}"
            )
        return Text("公钥可读：{names}", "Keys are there: {names}").format(names=", ".join(sorted(fitting)))

    async def _credentials_taken(self, provider: Provider, documents: Documents) -> Text:
        """A code that nobody issued must be refused as such (RFC 6749 §5.2): then the provider knew us."""
        form, headers = await self._credentials.present(provider)
        grant = {
            "grant_type": "authorization_code",
            "code": "yizheng-connection-test",
            "redirect_uri": callback_uri(self._settings.issuer, provider.id),
            "code_verifier": "yizheng-connection-test-0123456789-0123456789",
        }
        endpoint = (await documents.metadata(provider)).token_endpoint
        status, answer = await self._transport.post(provider, endpoint, {**grant, **form}, headers)
        if answer.get("error") != "invalid_grant":
            raise UpstreamUnavailable(provider.name, private=f"token endpoint: status {status}, {error_code(answer)}")
        return Text("对方认我们的身份", "The provider takes our credentials")
