"""TLS without a proxy: the server ends it itself, and knows which certificate a client has shown (RFC 8705 §2.1).

Only certificates of the authorities that the settings name get through the handshake; a certificate that a client
issued to itself must be among them. Behind a proxy all this is the proxy's (`api.middleware.proxies`).
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

from api.middleware.proxies import CERTIFICATE
from api.middleware.whole_answers import WholeAnswersProtocol
from api.settings import Settings


class TlsHttpProtocol(WholeAnswersProtocol):
    """Puts the certificate of the connection into the scope of each of its requests."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._certificate: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        self._certificate = None if connection is None else connection.getpeercert(binary_form=True)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._certificate is not None:
            self.scope[CERTIFICATE] = self._certificate  # type: ignore[literal-required]  # uvicorn types its own keys


def tls_options(settings: Settings) -> dict[str, Any]:
    """What uvicorn must know; nothing where a proxy ends TLS."""
    if settings.tls_certificate_file is None:
        return {}
    options: dict[str, Any] = {
        "http": TlsHttpProtocol,
        "ssl_certfile": settings.tls_certificate_file,
        "ssl_keyfile": settings.tls_key_file,
    }
    if settings.tls_client_authorities_file is not None:
        options["ssl_ca_certs"] = settings.tls_client_authorities_file
        options["ssl_cert_reqs"] = ssl.CERT_OPTIONAL  # browsers show none
    return options
