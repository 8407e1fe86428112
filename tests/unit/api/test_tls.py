"""TLS without a proxy: the certificate that a client shows in the handshake, and only that (RFC 8705 §2.1; O-41)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.middleware.proxies import CERTIFICATE
from api.settings import Settings
from api.tls import tls_options
from tests.support.idp_proofs import ClientCertificate, client_certificate
from tests.support.servers import free_port


async def _says_what_it_saw(scope: Scope, receive: Receive, send: Send) -> None:
    await Request(scope, receive).body()
    await Response(scope.get(CERTIFICATE) or b"")(scope, receive, send)


def _files(folder: Path, name: str, one: ClientCertificate) -> tuple[Path, Path]:
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    certificate.write_text(one.pem)
    key.write_bytes(one.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, key


@contextlib.asynccontextmanager
async def _served(options: dict[str, Any]) -> AsyncIterator[str]:
    port = free_port()
    config = uvicorn.Config(_says_what_it_saw, "127.0.0.1", port, lifespan="off", log_config=None, **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    try:
        async with asyncio.timeout(20):
            while not server.started:
                assert not task.done(), "the server ended at once"
                await asyncio.sleep(0.01)
        yield f"https://127.0.0.1:{port}/"
    finally:
        server.should_exit = server.force_exit = True
        await task


def _client(shown: tuple[Path, Path] | None) -> httpx.AsyncClient:
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    if shown is not None:
        trusting.load_cert_chain(*shown)
    return httpx.AsyncClient(verify=trusting, trust_env=False)


async def test_the_certificate_of_the_handshake_reaches_the_application(tmp_path: Path) -> None:
    known, stranger = client_certificate("known"), client_certificate("stranger")
    server = _files(tmp_path, "server", client_certificate("server"))
    authorities, _ = _files(tmp_path, "known", known)
    settings = Settings(
        data=tmp_path,
        tls_certificate_file=server[0],
        tls_key_file=server[1],
        tls_client_authorities_file=authorities,
    )
    assert settings.idp.client_certificates
    async with _served(tls_options(settings)) as url:
        async with _client(_files(tmp_path, "known", known)) as http:
            for _ in range(2):  # each request of a connection
                assert (await http.post(url, content=b"x")).content == known.der
        async with _client(None) as http:
            assert (await http.get(url)).content == b""
            forged = {"X-Client-Certificate": known.escaped, "Client-Cert": known.field}
            assert (await http.get(url, headers=forged)).content == b""
        async with _client(_files(tmp_path, "stranger", stranger)) as http:
            with pytest.raises(httpx.HTTPError):
                await http.get(url)


def test_what_goes_together(tmp_path: Path) -> None:
    assert tls_options(Settings(data=tmp_path)) == {}
    for wrong in (
        {"tls_certificate_file": tmp_path / "a"},
        {"tls_key_file": tmp_path / "a"},
        {"tls_client_authorities_file": tmp_path / "a"},
    ):
        with pytest.raises(ValidationError, match="YIZHENG_TLS"):
            Settings(data=tmp_path, **wrong)
