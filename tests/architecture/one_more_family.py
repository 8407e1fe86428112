"""Run by `test_one_more_family.py` in a process of its own: the program with an algorithm that it does not have.

secp256k1 stands in for a national curve. What changes is what the issue of national algorithms may change: a name and a
row in `keys/spec.py`, a line in `keys/primitives/registry.py` and a family of its own. Everything else is as it is.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
NAME = '    NATIONAL = "ES256K"\n'
ROW = """        AlgorithmRow(
            SignatureAlgorithm.NATIONAL,
            "national",
            "EC",
            "secp256k1",
            "sha256",
            (SizeRule(256),),
            _EVERYTHING,
            bytes.fromhex("300c060a2a811ccf55018375aa7f"),
            octets=72,
        ),
"""
FAMILY = """
class National(Ecdsa):
    def __init__(self, row):
        from cryptography.hazmat.primitives.asymmetric import ec

        self.row, self.curve, self.octets = row, ec.SECP256K1(), 32
        self.scheme = ec.ECDSA(hash_of(row.digest))
"""


def changed(name: str, *changes: tuple[str, str]) -> ModuleType:
    """A module of the program with these lines put before others."""
    path = ROOT / (name.replace(".", "/") + ".py")
    source = path.read_text(encoding="utf-8")
    for before, inserted in changes:
        assert source.count(before) == 1, before
        source = source.replace(before, inserted + before)
    spec = importlib.util.spec_from_loader(name, None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


changed(
    "keys.spec",
    ('    EDDSA = "EdDSA"', NAME),
    ("        # RFC 4055 §5: NULL parameters\n", ROW),
)
changed(
    "keys.primitives.registry",
    ("_FAMILIES: dict", "from keys.primitives.digests import hash_of\n" + FAMILY + "\n\n"),
    ('    "ed25519": Ed25519,', '    "national": National,\n'),
)

from cryptography import x509  # noqa: E402 - after the changes

from keys.backends.registry import BackendRegistry  # noqa: E402
from keys.backends.software import SoftwareBackend  # noqa: E402
from keys.jose.jwk import public_jwks  # noqa: E402
from keys.jose.jwk_set import read_jwk_set  # noqa: E402
from keys.jose.tokens import TokenSigner, TokenVerifier  # noqa: E402
from keys.keyring import KeyRing  # noqa: E402
from keys.ports import Signer  # noqa: E402
from keys.public_key import public_key_of  # noqa: E402
from keys.spec import ALGORITHMS, SignatureAlgorithm, Use  # noqa: E402
from keys.stores.sql import open_key_store  # noqa: E402
from keys.trust.certificate import read_certificate  # noqa: E402
from keys.verification import algorithm_of_identifier, check_signature  # noqa: E402
from keys.x509.certificate import CertificateRequest, build_certificate  # noqa: E402  # noqa: E402
from keys.x509.names import authority_name  # noqa: E402
from keys.x509.profiles import SEAL  # noqa: E402
from signing.pades.cms_writer import cms_writer  # noqa: E402
from signing.verification.cms_reader import read_container  # noqa: E402
from tests.support.clock import FakeClock  # noqa: E402

NATIONAL = SignatureAlgorithm("ES256K")
CLOCK = FakeClock()
ISSUER, CLIENT = "https://id.example.gov.cn", "portal"


async def main(folder: Path) -> None:
    store = open_key_store(f"sqlite:///{folder}/keyring.db")
    try:
        ring = KeyRing(store, bytes(32), BackendRegistry([SoftwareBackend()], default="software"), CLOCK)
        await ring.load()
        for purpose in ("oidc.national", "ca.seals", "seal/s_1"):
            await ring.create(purpose, NATIONAL)
        again = KeyRing(store, bytes(32), BackendRegistry([SoftwareBackend()], default="software"), CLOCK)
        await again.load()  # kept and opened like every other key
        tokens(again)
        await documents(again.signer("ca.seals"), again.signer("seal/s_1"))
    finally:
        await store.close()


def tokens(ring: KeyRing) -> None:
    purposes = {NATIONAL: "oidc.national"}
    now = int(CLOCK.now().timestamp())
    claims = {"iss": ISSUER, "sub": "p", "aud": CLIENT, "iat": now, "exp": now + 60}
    token = TokenSigner(ring, purposes).sign(claims, typ="JWT", algorithm=NATIONAL)
    verifier = TokenVerifier(ring, CLOCK, purposes)
    assert verifier.verify(token, typ="JWT", issuer=ISSUER, audience=CLIENT) == claims
    (key,) = read_jwk_set(public_jwks(ring, purposes.values())).keys
    assert key.fits[NATIONAL].encoded == ring.signer("oidc.national").public_key
    assert key.key_id == ring.signer("oidc.national").key_id


async def documents(authority: Signer, seal: Signer) -> None:
    """A certificate and a container: written, read and judged."""
    subject, now = authority_name("示例市", "国密"), CLOCK.now()
    request = CertificateRequest(subject, seal.public_key, now, now + dt.timedelta(days=1), SEAL)
    certificate = (await build_certificate(request, issuer=subject, signer=authority)).dump()
    read = read_certificate(certificate)
    assert (read.algorithm, read.public_key) == (NATIONAL, seal.public_key)
    assert public_key_of(x509.load_der_x509_certificate(certificate)) == seal.public_key
    check_signature(authority.public_key, NATIONAL, read.signature, read.tbs, use=Use.CERTIFICATE, at=now)
    assert algorithm_of_identifier(ALGORITHMS[NATIONAL].identifier) is NATIONAL
    writer = cms_writer(seal, (certificate,))
    container = read_container(writer.sign(bytes(32)))
    assert container.signature_is_good()
    assert container.counts_at(now)


with tempfile.TemporaryDirectory() as name:
    asyncio.run(main(Path(name)))
print("one more family: all good")
