"""The service's document interface as Python calls."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from yizheng_client.answers import Extended, Report, Sealed, Verdict, verdict_of
from yizheng_client.batches import Batch, begin
from yizheng_client.credentials import Credentials
from yizheng_client.digests import DigestTerms, PreparedFile, SignedDigest, signed_of, terms_of
from yizheng_client.errors import Refused
from yizheng_client.files import file_part
from yizheng_client.transport import Transport

_SIGNS = "seal:sign"
_EARLY = 30.0  # seconds before a token's end at which the next one is asked for
_CODE_DIGITS = 13


class Client:
    """One service, as one client of it; not for several threads at once.

    Args:
        server: public address.
        credentials: who is asking; None for what needs nobody: verifying, receipts.
        timeout: seconds for one request.
        tries: how often a request that may be repeated is sent at most.
        http: another HTTP client, e.g. with a proxy or a client certificate; its address must be `server`.
        scope: what is asked for; `seal:digest` for a client that has digests signed alone.
    """

    def __init__(
        self,
        server: str,
        credentials: Credentials | None = None,
        *,
        timeout: float = 60,
        tries: int = 4,
        http: httpx.Client | None = None,
        scope: str = _SIGNS,
    ) -> None:
        self._scope = scope
        self._http = http or httpx.Client(base_url=server.rstrip("/"), timeout=timeout)
        self._transport = Transport(self._http, tries=tries)
        self._credentials = credentials
        self._token: tuple[str, float] | None = None
        self._seals: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def seals(self) -> list[Mapping[str, Any]]:
        """The seals of the client's own organisation.

        Raises:
            Refused, Unreachable
        """
        found: list[Mapping[str, Any]] = []
        cursor = None
        while True:
            page = self._get("/v1/seals", params={"cursor": cursor} if cursor else None).json()
            found += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return found

    def sign(
        self,
        pdf: bytes,
        *,
        seal: str,
        document_class: str = "document",
        reason: str | None = None,
        profile: str | None = None,
        idempotency_key: str | None = None,
        **fields: object,
    ) -> Sealed:
        """Seal a PDF, or an OFD with the national form of the seal.

        Sent again under the same key after a lost answer, it is sealed once.

        Args:
            pdf: the file, of either kind.
            seal: its id, or its code of 13 digits.
            profile: `pades`, `sm2seal`, `sm2cms`, `sm2cms-digest` or `dual`; None for the form that goes with the seal.
            idempotency_key: for a caller that may itself be started again; by default one of this call's own.
            fields: where the seal stands and whatever else `POST /v1/signatures` takes: `page`, `x_mm`, `y_mm`, …

        Raises:
            Refused: e.g. `seal-not-granted`, `seal-not-active`, `seal-form-missing`, `pdf-…`, `ofd-…`; nothing was
                sealed.
            Unreachable: nothing is known; the same call with the same key finds out.
        """
        named = {"document_class": document_class, "reason": reason, "profile": profile}
        form = {"seal": self._seal_id(seal), **named, **fields}
        data = {name: str(value) for name, value in form.items() if value is not None}
        key = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(18)}
        files = {"pdf": file_part(pdf)}
        answer = self._as_client("POST", "/v1/signatures", data=data, files=files, headers=key)
        return Sealed(answer.content, answer.headers["signature-id"], answer.headers.get("signature-level", ""))

    def digest_terms(self, seal: str, document_class: str = "document") -> DigestTerms:
        """What it takes to prepare a file here whose digest alone is sent.

        Raises:
            Refused: e.g. `seal-not-granted`: digests need a grant of their own.
            Unreachable
        """
        params = {"seal": self._seal_id(seal), "document_class": document_class}
        return terms_of(self._get("/v1/digest-signatures/terms", params=params).json())

    def sign_prepared(
        self,
        prepared: PreparedFile,
        terms: DigestTerms,
        *,
        document_name: str,
        reason: str,
        document_class: str = "document",
        level: str = "B-B",
        request: str | None = None,
        idempotency_key: str | None = None,
    ) -> Sealed:
        """Seal a file that stays here: its digest is sent, the signature comes back and is put into it.

        Args:
            prepared: with room for `terms.octets`.
            request: an approved request for this very digest, where the grant asks for one.

        Raises:
            Refused, Unreachable: as `sign`.
        """
        signed = self.sign_digest(
            prepared.digest(terms.algorithm),
            terms,
            document_name=document_name,
            reason=reason,
            document_class=document_class,
            level=level,
            request=request,
            idempotency_key=idempotency_key,
        )
        return Sealed(prepared.fill(signed.container), signed.signature_id)

    def sign_digest(
        self,
        digest: bytes,
        terms: DigestTerms,
        *,
        document_name: str,
        reason: str,
        document_class: str = "document",
        level: str = "B-B",
        request: str | None = None,
        idempotency_key: str | None = None,
    ) -> SignedDigest:
        """The signature alone (CMS), for whoever puts it into the file in another way.

        Raises:
            Refused, Unreachable: as `sign`.
        """
        body = {
            "seal": terms.seal,
            "digest": digest.hex(),
            "algorithm": terms.algorithm,
            "document_name": document_name,
            "document_class": document_class,
            "reason": reason,
            "level": level,
            "room": terms.octets,
        }
        if request is not None:
            body["request"] = request
        key = {"Idempotency-Key": idempotency_key or secrets.token_urlsafe(18)}
        return signed_of(self._as_client("POST", "/v1/digest-signatures", json=body, headers=key).json())

    def extend(self, pdf: bytes, *, level: str = "B-LTA") -> Extended:
        """A sealed PDF, whoever sealed it, at a level at which it lasts longer.

        Raises:
            Refused: e.g. `pdf-not-extendable`: it is not genuine, or nobody vouches for who sealed it.
            Unreachable
        """
        files = {"pdf": ("document.pdf", pdf, "application/pdf")}
        answer = self._as_client("POST", "/v1/signature-extensions", data={"level": level}, files=files)
        return Extended(answer.content, answer.headers["signature-level"], answer.headers.get("renew-by"))

    def begin_batch(
        self,
        *,
        seal: str,
        document_class: str = "document",
        reason: str | None = None,
        profile: str | None = None,
        idempotency_key: str | None = None,
        **fields: object,
    ) -> Batch:
        """Begin a batch: thousands of files sealed alike. Its files are added next; then it is started.

        Args:
            seal, profile, idempotency_key: as for `sign`; the same key again answers with the same batch.
            fields: whatever else `POST /v1/signature-batches` takes: `places`, `level`, `receiver`, …

        Raises:
            Refused: e.g. `seal-not-granted`, `seal-not-active`.
            Unreachable
        """
        asked = {"seal": self._seal_id(seal), "document_class": document_class, "reason": reason, **fields}
        if profile is not None:
            asked["profile"] = profile
        return begin(self._as_client, asked, idempotency_key or secrets.token_urlsafe(18))

    def batch(self, batch_id: str) -> Batch:
        """One that was begun before."""
        return Batch(self._as_client, batch_id)

    def file(self, signature_id: str) -> bytes:
        """A sealed file again.

        Raises:
            Refused, Unreachable
        """
        return self._get(f"/v1/signatures/{signature_id}/file").content

    def receipt(self, sealed: Sealed) -> bytes:
        """The receipt of a sealed file from the public log, as the JSON document that is kept with it.

        Raises:
            Refused, Unreachable
        """
        return self._get(f"/v1/signatures/{sealed.signature_id}/receipt").content

    def receipt_of_file(self, pdf: bytes) -> bytes:
        """The same for whoever has the file, without credentials.

        Raises:
            Refused: `signature-not-logged`; `signature-log-behind`: in a moment.
            Unreachable
        """
        path = f"/v1/signature-log/receipts/{hashlib.sha256(pdf).hexdigest()}"
        return self._transport.send(lambda: self._transport.request("GET", path)).content

    def verify(self, file: bytes) -> Verdict:
        """
        Args:
            file: a PDF or an OFD; which of the two, the service finds out.

        Raises:
            Refused: `too-large`, `too-many-verifications`; whatever the file is, the answer is a verdict.
            Unreachable
        """
        return verdict_of(self._verification(file, "application/json").json())

    def verification_report(self, file: bytes) -> bytes:
        """The verdict as an ETSI TS 119 102-2 document (XML).

        Raises:
            As `verify`.
        """
        return self._verification(file, "application/xml").content

    def readable_report(self, file: bytes) -> Report:
        """The verdict as a PDF to read and file, with the document for machines attached.

        Raises:
            As `verify`; `too-many-reports`.
        """
        answer = self._verification(file, "application/pdf")
        return Report(answer.content, answer.headers.get("report-sealed") == "yes")

    def _verification(self, file: bytes, accept: str) -> httpx.Response:
        files = {"file": ("document", file, "application/octet-stream")}
        path, headers = "/v1/signature-verifications", {"Accept": accept}
        return self._transport.send(lambda: self._transport.request("POST", path, files=files, headers=headers))

    def _get(self, path: str, **options: Any) -> httpx.Response:
        return self._as_client("GET", path, **options)

    def _as_client(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = options.pop("headers", {})

        def build() -> httpx.Request:
            bearer = {"Authorization": f"Bearer {self._bearer()}"}
            return self._transport.request(method, path, headers=headers | bearer, **options)

        try:
            return self._transport.send(build)
        except Refused as refusal:
            if refusal.status != httpx.codes.UNAUTHORIZED or self._token is None:
                raise
            self._token = None  # it was revoked, or the service's keys changed: once more with a new one
            return self._transport.send(build)

    def _bearer(self) -> str:
        if self._token is None or self._token[1] < time.monotonic():
            self._token = self._new_token()
        return self._token[0]

    def _new_token(self) -> tuple[str, float]:
        credentials = self._credentials
        if credentials is None:
            raise Refused(httpx.codes.UNAUTHORIZED, "credentials-missing", "this call needs credentials")
        server = self._transport.send(
            lambda: self._transport.request("GET", "/.well-known/openid-configuration")
        ).json()
        asked = {"grant_type": "client_credentials", "scope": self._scope}
        basic = credentials.basic()
        auth = httpx.BasicAuth(*basic) if basic else None

        def build() -> httpx.Request:
            # an assertion is good for one request
            data = asked | dict(credentials.form(server["issuer"]))
            request = self._transport.request("POST", server["token_endpoint"], data=data)
            return next(auth.sync_auth_flow(request)) if auth else request

        answer = self._transport.send(build).json()
        return answer["access_token"], time.monotonic() + max(0.0, answer.get("expires_in", 60) - _EARLY)

    def _seal_id(self, seal: str) -> str:
        if not (seal.isdecimal() and len(seal) == _CODE_DIGITS):
            return seal
        if seal not in self._seals:
            self._seals = {str(one["code"]): str(one["id"]) for one in self.seals()}
        if seal not in self._seals:
            raise Refused(httpx.codes.NOT_FOUND, "seal-not-found", f"no seal of the organisation has the code {seal}")
        return self._seals[seal]
