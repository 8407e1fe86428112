"""A portal's side of the licence API: ask the holder, fetch the annotated copy. Plain HTTP, as any portal would."""

from __future__ import annotations

from typing import Any

import httpx

from api.demo.catalogue import PROPERTY, RENTAL, RENTAL_BASIS
from api.demo.portals.oidc_client import OidcClient

_SCOPE = "licence:read"


class ApiRefused(Exception):
    """The service answered with a problem document (RFC 9457); its `detail` says what to do."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class LicenceApi:
    """The three calls that an application for public rental housing needs."""

    def __init__(self, oidc: OidcClient) -> None:
        self._oidc = oidc

    async def ask_consent(self, subject: str, case_number: str) -> dict[str, Any]:
        """Ask the person behind `subject` for their title deed; answers the consent with its `decision_url`."""
        body = {"holder": {"sub": subject}, "type": PROPERTY.code, "purpose": _purpose(case_number)}
        return (await self._call("POST", "/v1/consents", body)).json()  # type: ignore[no-any-return]  # JSON object

    async def consent(self, consent_id: str) -> dict[str, Any]:
        """What became of it."""
        return (await self._call("GET", f"/v1/consents/{consent_id}")).json()  # type: ignore[no-any-return]  # as above

    async def make_copy(self, licence_id: str, consent_id: str, case_number: str) -> dict[str, Any]:
        """Have the annotated copy made."""
        body = {"purpose": _purpose(case_number), "consent": consent_id}
        answer = await self._call("POST", f"/v1/licences/{licence_id}/copies", body)
        return answer.json()  # type: ignore[no-any-return]  # as above

    async def copy_file(self, licence_id: str, copy_id: str) -> bytes:
        """The copy's PDF."""
        return (await self._call("GET", f"/v1/licences/{licence_id}/copies/{copy_id}/file")).content

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """
        Raises:
            ApiRefused
        """
        token = await self._oidc.service_token(_SCOPE)
        async with httpx.AsyncClient(base_url=self._oidc.issuer, trust_env=False, timeout=30) as http:
            answer = await http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
        if answer.is_error:
            raise ApiRefused(answer.json().get("detail", ""))
        return answer


def _purpose(case_number: str) -> dict[str, str]:
    return {"service_item": RENTAL.code, "case_number": case_number, "basis": RENTAL_BASIS}
