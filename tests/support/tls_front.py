"""A proxy that ends TLS and hands the client's certificate on (RFC 9440), and an authority for people on loopback."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import http.client
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.support.trust_pki import Made, Plan, key, make, root

HEADER = "Client-Cert"
_NOW = dt.datetime.now(dt.UTC)
_TIMES = {"not_before": _NOW - dt.timedelta(days=30), "not_after": _NOW + dt.timedelta(days=300)}


class PeopleAuthority:
    """A root that issues to people; its revocation list is served as long as the block lasts."""

    def __init__(self) -> None:
        self.root = root("演示个人证书根", **_TIMES)
        self.crl_address = ""

    def issue(self, number: str) -> Made:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(self.crl_address)], None, None, None)
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.COMMON_NAME, "演示个人"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, f"IDCCN-{number}"),
            ]
        )
        return make(
            Plan(
                name,
                key(f"person {number}"),
                self.root,
                key_usage=("digital_signature",),
                extended=[ExtendedKeyUsageOID.CLIENT_AUTH],
                more=[(x509.CRLDistributionPoints([point]), False)],
                **_TIMES,  # type: ignore[arg-type]
            )
        )

    def crl(self) -> bytes:
        builder = x509.CertificateRevocationListBuilder(
            self.root.certificate.subject, _NOW - dt.timedelta(hours=1), _NOW + dt.timedelta(days=1)
        ).add_extension(x509.CRLNumber(1), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.root.private.public_key())
        builder = builder.add_extension(authority, critical=False)
        return builder.sign(self.root.private, hashes.SHA256()).public_bytes(Encoding.DER)

    @contextlib.contextmanager
    def published(self) -> Iterator[None]:
        authority = self

        class Handler(_Quiet):
            def do_GET(self) -> None:
                self.answer(200, [("Content-Type", "application/pkix-crl")], authority.crl())

        with _serving(Handler) as port:
            self.crl_address = f"http://127.0.0.1:{port}/people.crl"
            yield


class _Quiet(BaseHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        return None

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def tls_front(inner_port: int, own: Made, people: Made, folder: Path) -> Iterator[int]:
    """Answers the port at which TLS clients are asked for a certificate of `people`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*written(own, folder, "front"))
    context.load_verify_locations(cadata=people.der)
    context.verify_mode = ssl.CERT_OPTIONAL

    class Handler(_Quiet):
        def do_GET(self) -> None:
            shown = self.connection.getpeercert(binary_form=True)  # type: ignore[attr-defined]  # an SSLSocket
            headers = {"Host": self.headers["Host"]}
            headers |= {} if shown is None else {HEADER: f":{base64.b64encode(shown).decode()}:"}
            inner = http.client.HTTPConnection("127.0.0.1", inner_port, timeout=20)
            inner.request("GET", self.path, headers=headers)
            answer = inner.getresponse()
            kept = [one for one in answer.getheaders() if one[0].lower() not in ("content-length", "connection")]
            self.answer(answer.status, kept, answer.read())
            inner.close()

    with _serving(Handler, context) as port:
        yield port


@contextlib.contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def written(made: Made, folder: Path, name: str) -> tuple[str, str]:
    """Certificate and key as PEM files."""
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.certificate.public_bytes(Encoding.PEM))
    private.write_bytes(made.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(certificate), str(private)


def server_certificate() -> Made:
    """For `localhost`, by itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    return make(
        Plan(
            name,
            key("localhost"),
            extended=[ExtendedKeyUsageOID.SERVER_AUTH],
            key_usage=("digital_signature",),
            more=[(names, False)],
            **_TIMES,  # type: ignore[arg-type]
        )
    )
