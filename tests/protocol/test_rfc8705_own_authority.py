"""tls_client_auth under our own authority, in the composed service: issued, trusted, revoked (RFC 8705 §2.1)."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.cli.prepare import prepare
from api.main import create_app
from api.middleware.proxies import behind_proxies
from api.settings import Settings
from api.wiring.container import Container, build_container
from core.clock import SystemClock
from core.principal import SYSTEM
from core.text import Text
from idp.client_metadata import ClientMetadata
from idp.clients.registration import NewClient
from idp.model import ClientAuthMethod, GrantType
from keys.x509.issue import Wanted
from keys.x509.model import RevocationReason
from keys.x509.names import machine_name
from keys.x509.profiles import TLS_CLIENT, CertificateProfile
from tests.support.clock import FakeClock
from tests.support.idp_proofs import client_certificate

pytestmark = pytest.mark.slow
HEADER = "Client-Cert"


async def issued(container: Container, profile: CertificateProfile, name: str = "system") -> tuple[bytes, str]:
    """A certificate under our authority, as a proxy would hand it on; and its name in the register."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    subject = machine_name(organisation_name="示例市住房保障局", identifier=name)
    record = await container.pki.issue(Wanted(profile, subject, public))
    return f":{base64.b64encode(record.der).decode()}:".encode(), record.sha256


async def test_a_departments_system_logs_in_until_its_certificate_is_revoked(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, client_certificate_header=HEADER)
    await prepare(settings)
    clock = FakeClock(SystemClock().now())
    container = await build_container(settings, clock)
    try:
        new = NewClient(
            Text("系统", "System"),
            "system",
            auth_method=ClientAuthMethod.TLS,
            grants=frozenset({GrantType.CLIENT_CREDENTIALS}),
            scopes=frozenset({"licence:read"}),
            metadata=ClientMetadata(tls_client_auth_subject_dn="CN=system,O=示例市住房保障局,C=CN"),
        )
        await container.idp.register_client(new, SYSTEM)
        app = create_app(settings)
        app.state.container = container
        served = behind_proxies(app, trusted="10.0.0.1", certificate_header=HEADER)
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(served, client=("10.0.0.1", 4000)), base_url=settings.issuer
        )

        async def status(certificate: bytes) -> int:
            form = {"grant_type": "client_credentials", "client_id": "system"}
            return (await http.post("/token", data=form, headers={HEADER: certificate.decode()})).status_code

        good, name = await issued(container, TLS_CLIENT)
        assert await status(good) == 200
        assert await status((await issued(container, TLS_CLIENT, "other"))[0]) == 401, "another system's"
        assert await status(client_certificate("system", organisation="示例市住房保障局").field.encode()) == 401
        await container.pki.change.revoke(name, RevocationReason.KEY_COMPROMISE)
        clock.advance(settings.trust.refresh_seconds + 1)
        assert await status(good) == 401
        assert await status((await issued(container, TLS_CLIENT))[0]) == 200, "a new one is good"
        await http.aclose()
    finally:
        await container.close()
