"""Other programs that seal and judge: stock pyHanko, used plainly, and npm @libpdf/core in a process of its own.

pyHanko's SimpleSigner reads its key again for every signature: that is how it is used plainly. libpdf holds its key.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import pyhanko.version
from asn1crypto import keys as asn1_keys
from asn1crypto import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import load_der_x509_certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.processor import Rate, done
from bench.signing_world import BenchKey

PYHANKO = f"pyHanko {pyhanko.version.__version__}"
LIBPDF = "@libpdf/core 0.4.2"
_NODE = Path(__file__).parent / "node"


class PyHanko:
    """Seals with one key, and judges under one root."""

    def __init__(self, key: BenchKey, root: bytes) -> None:
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # not annotated
        registry.register(x509.Certificate.load(key.chain[1]))
        self._signer = signers.SimpleSigner(
            signing_cert=x509.Certificate.load(key.chain[0]),
            signing_key=asn1_keys.PrivateKeyInfo.load(key.private),
            cert_registry=registry,
        )
        self._roots = [x509.Certificate.load(root)]

    def seal(self, content: bytes, *, visible: bool) -> bytes:
        return done(self._seal(content, (280, 220, 400, 340) if visible else None))

    async def _seal(self, content: bytes, box: tuple[int, int, int, int] | None) -> bytes:
        settings = signers.PdfSignatureMetadata(
            field_name="Signature1", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason="bench"
        )
        where = fields.SigFieldSpec("Signature1", on_page=0, box=box)
        out = BytesIO()
        await signers.PdfSigner(settings, self._signer, new_field_spec=where).async_sign_pdf(
            IncrementalPdfFileWriter(BytesIO(content)), output=out
        )
        return out.getvalue()

    def accepts(self, content: bytes) -> bool:
        return done(self._accepts(content))

    async def _accepts(self, content: bytes) -> bool:
        (found,) = PdfFileReader(BytesIO(content)).embedded_signatures
        context = ValidationContext(trust_roots=self._roots, allow_fetching=False)
        usage = KeyUsageConstraints(key_usage={"digital_signature"})
        status = await async_validate_pdf_signature(found, context, key_usage_settings=usage)
        return bool(status.bottom_line)


class LibPdf:
    """Seals without a picture: it draws none."""

    def __init__(self) -> None:
        if shutil.which("node") is None:
            raise SystemExit("bench: node is needed for the peer (apt-get install nodejs npm)")
        if not (_NODE / "node_modules" / "@libpdf").is_dir():
            print("Fetching the peer with npm ci ...", file=sys.stderr)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=_NODE, check=True, capture_output=True)

    def __enter__(self) -> LibPdf:
        self._folder = tempfile.TemporaryDirectory()
        # it is on the core of the process that starts it
        self._process = subprocess.Popen(
            ["node", "sign.mjs"], cwd=_NODE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._folder.cleanup()

    def sealing(self, key: BenchKey, content: bytes, seconds: float) -> Rate:
        p12, pdf = self._kept(f"{key.name}.p12", _pkcs12(key)), self._kept(f"{len(content)}.pdf", content)
        asked = {"p12": str(p12), "pdf": str(pdf), "seconds": seconds, "out": str(self._out)}

        def rate() -> float:
            stdin, stdout = self._process.stdin, self._process.stdout
            assert stdin is not None
            assert stdout is not None
            stdin.write(json.dumps(asked) + "\n")
            stdin.flush()
            told = json.loads(stdout.readline())
            return float(told["count"] / told["seconds"])

        return rate

    @property
    def last(self) -> bytes:
        """The file that it made last."""
        return self._out.read_bytes()

    @property
    def _out(self) -> Path:
        return Path(self._folder.name) / "last"

    def _kept(self, name: str, content: bytes) -> Path:
        path = Path(self._folder.name) / name
        if not path.exists():
            path.write_bytes(content)
        return path


def _pkcs12(key: BenchKey) -> bytes:
    own, issuer = (load_der_x509_certificate(one) for one in key.chain)
    private = serialization.load_der_private_key(key.private, None)
    encryption = serialization.BestAvailableEncryption(b"bench")
    return pkcs12.serialize_key_and_certificates(b"bench", private, own, [issuer], encryption)  # type: ignore[arg-type]  # RSA or EC
