"""The CSC API over real HTTP, as pyHanko's client of it sees it: a seal of ours in a desktop's hands.

pyHanko speaks version 1.0.4 of the standard; where version 2 gave parameters other names, a few lines translate.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from asn1crypto import tsp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

from api.cli.prepare import prepare
from api.journey.instance import free_port
from api.main import create_app
from api.settings import Settings
from api.wiring.container import Container, build_container
from core.clock import SystemClock, calendar_day
from core.identifiers.uscc import check_character
from core.principal import SYSTEM
from core.text import Text
from idp.clients.registration import NewClient
from idp.model import GrantType
from idp.protocol.facts import RequestFacts
from keys.spec import SignatureAlgorithm
from signing.digests.local import FileWords, prepare_file
from signing.digests.model import DigestTerms
from signing.model import GranteeKind, GrantForm, Seal
from signing.seals.grant import GrantSealCommand
from signing.seals.order import SealOrder
from tests.support.clock import FakeClock
from tests.support.live_server import serving
from tests.support.signing_fakes import pdf
from tests.support.signing_world import OFFICE, ORGANISATION

SHA256 = "2.16.840.1.101.3.4.2.1"
CODES = {SignatureAlgorithm.ES256: "4101990000017", SignatureAlgorithm.RS256: "4101990000025"}


@dataclass
class Desktop:
    """Signing software and the service that it talks to."""

    address: str
    container: Container
    seals: dict[SignatureAlgorithm, Seal]
    token: str

    async def post(self, method: str, **body: Any) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {self.token}"}) as http:
            return await http.post(f"{self.address}/csc/v2/{method}", json=body)

    async def sad(self, code: str, hashes: list[str]) -> str:
        body = {"credentialID": code, "numSignatures": len(hashes), "hashes": hashes, "hashAlgorithmOID": SHA256}
        answer = await self.post("credentials/authorize", **body, description="合同备案")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["SAD"])


class _Authorize(CSCAuthorizationManager):
    def __init__(self, desktop: Desktop, *more: Any) -> None:
        super().__init__(*more)
        self._desktop = desktop

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        return CSCAuthorizationInfo(await self._desktop.sad(self.csc_session_info.credential_id, hash_b64s))


class _Version2(CSCSigner):
    """`hash` and `hashAlgo` are `hashes` and `hashAlgorithmOID` now (CSC API v2 §11.9)."""

    async def format_csc_signing_req(self, tbs_hashes: list[str], digest_algorithm: str) -> dict[str, Any]:
        asked: dict[str, Any] = await super().format_csc_signing_req(tbs_hashes, digest_algorithm)
        asked["hashes"], asked["hashAlgorithmOID"] = asked.pop("hash"), asked.pop("hashAlgo")
        return asked


@pytest.fixture
async def desktop(tmp_path: Path) -> AsyncIterator[Desktop]:
    port = free_port()
    (tmp_path / "data").mkdir()
    settings = Settings(data=tmp_path / "data", issuer=f"http://127.0.0.1:{port}")
    await prepare(settings)
    clock = FakeClock(SystemClock().now())  # stands still: nothing is signed before a certificate begins
    container = await build_container(settings, clock)
    app = create_app(settings, log_requests=False)
    app.state.container = container
    try:
        async with serving(app, port):
            seals = {one: await _seal(container, one) for one in CODES}
            yield Desktop(settings.issuer, container, seals, await _token(container, settings.issuer))
    finally:
        await container.close()


async def _seal(container: Container, algorithm: SignatureAlgorithm) -> Seal:
    order = SealOrder(ORGANISATION, Text(OFFICE, "Housing"), CODES[algorithm], algorithm=algorithm)
    seal = await container.signing.create_seal(order, actor=SYSTEM)
    today = calendar_day(container.ground.clock.now())
    for form in GrantForm:
        days = today, today
        grant = GrantSealCommand(seal.id, GranteeKind.CLIENT, "desktop", ("document",), *days, SYSTEM, form=form)
        await container.signing.grant_seal(grant)
    return seal


async def _token(container: Container, issuer: str) -> str:
    office = "11410199DEMA00777" + check_character("11410199DEMA00777")
    await container.idp.register_organisation(office, Text("单位", "Office"), "government", SYSTEM)
    new = NewClient(
        Text("签名软件", "Signing software"),
        "desktop",
        grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
        scopes=frozenset({"service"}),
        organisation=office,
    )
    made = await container.idp.register_client(new, SYSTEM)
    async with httpx.AsyncClient(trust_env=False) as http:
        metadata = (await http.get(f"{issuer}/.well-known/openid-configuration")).json()
        asked = {"grant_type": "client_credentials", "scope": "service"}
        answer = await http.post(metadata["token_endpoint"], data=asked, auth=("desktop", made.secret or ""))
    return str(answer.json()["access_token"])


async def test_pyhanko_signs_pdfs_with_our_seals(desktop: Desktop) -> None:
    async with aiohttp.ClientSession() as http:
        for seal in desktop.seals.values():
            session = CSCServiceSessionInfo(desktop.address, seal.code, desktop.token, "v2")
            credential = await fetch_certs_in_csc_credential(http, session)
            assert (credential.hash_pinning_required, credential.max_batch_size) == (True, 50)
            assert credential.signing_cert.dump() == seal.certificate
            signer = _Version2(http, _Authorize(desktop, session, credential), batch_size=2)
            how = PdfSignatureMetadata(field_name="Sig", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
            files = [IncrementalPdfFileWriter(BytesIO(pdf(text=text))) for text in ("one", "two")]
            made = await asyncio.gather(*(PdfSigner(how, signer).async_sign_pdf(one) for one in files))
            for out in made:
                report = await desktop.container.signing.verify_pdf(out.getvalue())
                assert (report.conclusion, report.indication) == ("genuine", "TOTAL-PASSED")
                known = report.signatures[0].known_seal
                assert known is not None
                assert known.recorded_at is not None, "the ledger knows it by its value"


async def test_documents_and_digests_are_signed_as_pades(desktop: Desktop) -> None:
    seal, content = desktop.seals[SignatureAlgorithm.RS256], pdf(text="whole")
    how = {"signature_format": "P", "conformance_level": "AdES-B-T", "signAlgo": "1.2.840.113549.1.1.11"}
    named = base64.b64encode(hashlib.sha256(content).digest()).decode()
    whole = [{"document": base64.b64encode(content).decode(), **how, "signed_envelope_property": "Certification"}]
    answer = await desktop.post(
        "signatures/signDoc", credentialID=seal.code, SAD=await desktop.sad(seal.code, [named]), documents=whole
    )
    assert answer.status_code == 200, answer.text
    files = [base64.b64decode(answer.json()["DocumentWithSignature"][0])]

    told = await desktop.container.signing.digests.terms(seal.id, "document", actor=await _principal(desktop))
    terms = DigestTerms(seal.id, told.signer, told.algorithm, told.octets, seal.image, told.certificates)
    ready = prepare_file(pdf(text="at home"), terms, FileWords("Sig", desktop.container.ground.clock.now()))
    value = base64.b64encode(ready.digest("sha256")).decode()
    answer = await desktop.post(
        "signatures/signDoc",
        credentialID=seal.code,
        SAD=await desktop.sad(seal.code, [value]),
        documentDigests=[{"hashes": [value], "hashAlgorithmOID": SHA256, **how}],
    )
    files.append(ready.fill(base64.b64decode(answer.json()["SignatureObject"][0])))
    for file in files:
        report = await desktop.container.signing.verify_pdf(file)
        assert (report.conclusion, report.signatures[0].level) == ("genuine", "PAdES-B-T")


async def test_what_is_offered_and_listed(desktop: Desktop) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        told = (await http.get(f"{desktop.address}/csc/v2/info")).json()
        assert (told["specs"], told["oauth2Issuer"]) == ("2.0.0.2", desktop.address)
        assert (await http.get(told["logo"])).headers["content-type"].startswith("image/svg")
        for method in told["methods"]:
            if method != "info":
                answer = await http.post(f"{desktop.address}/csc/v2/{method}", json={})
                assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token"), method
    pages = [(await desktop.post("credentials/list", maxResults=1, credentialInfo=True, certInfo=True)).json()]
    pages.append((await desktop.post("credentials/list", maxResults=1, pageToken=pages[0]["nextPageToken"])).json())
    assert [page["credentialIDs"] for page in pages] == [[code] for code in sorted(CODES.values())]
    assert "nextPageToken" not in pages[1]
    (first,) = pages[0]["credentialInfos"]
    assert (first["key"]["algo"], first["key"]["curve"]) == (["1.2.840.10045.4.3.2"], "1.2.840.10045.3.1.7")
    assert CODES[SignatureAlgorithm.ES256] in first["cert"]["subjectDN"]
    refused = await desktop.post("credentials/info", credentialID="4101990000033")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_a_time_stamp_over_a_hash(desktop: Desktop) -> None:
    value = hashlib.sha256(b"data").digest()
    answer = await desktop.post(
        "signatures/timestamp", hash=base64.b64encode(value).decode(), hashAlgo=SHA256, nonce="0a0b"
    )
    token = tsp.ContentInfo.load(base64.b64decode(answer.json()["timestamp"]))
    info = token["content"]["encap_content_info"]["content"].parsed
    assert (info["message_imprint"]["hashed_message"].native, info["nonce"].native) == (value, 0x0A0B)
    for wrong in ({"hashAlgo": "1.3.14.3.2.26"}, {"hash": "AA=="}, {"nonce": "xyz"}):
        asked = {"hash": base64.b64encode(value).decode(), "hashAlgo": SHA256} | wrong
        assert (await desktop.post("signatures/timestamp", **asked)).status_code == 400


async def _principal(desktop: Desktop) -> Any:
    idp = desktop.container.idp
    return await idp.authenticate(desktop.token, RequestFacts("GET", f"{desktop.address}/"), ())
