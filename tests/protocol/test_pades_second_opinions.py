"""What Poppler, MuPDF, QPDF and OpenSSL say of our own files: at each level, with each kind of key, kept in software
and in a token; and of the same files with one octet changed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import SecretStr

from keys.backends.pkcs11 import Pkcs11Backend
from keys.settings import Pkcs11Settings
from keys.spec import SignatureAlgorithm
from signing.levels import Level
from tests.protocol.test_pades_baseline import container, run
from tests.protocol.test_pades_levels import KEYS, sealed, world_of
from tests.support.clock import START
from tests.support.lasting_world import LastingWorld
from tests.support.servers import SoftHsmToken
from tests.support.signing_fakes import pdf

ON_TOKEN = {
    "rsa2048": (SignatureAlgorithm.RS256, 2048),
    "rsa3072": (SignatureAlgorithm.RS256, 3072),
    "p256": (SignatureAlgorithm.ES256, 256),
    "p384": (SignatureAlgorithm.ES384, 384),
}


@pytest.mark.parametrize("level", list(Level), ids=str)
@pytest.mark.parametrize("name", list(KEYS))
async def test_all_agree_on_files_of_software_keys(name: str, level: Level, tmp_path: Path) -> None:
    content = await sealed(name, level)
    await asyncio.to_thread(_all_agree, world_of(name), content, level, tmp_path)


@pytest.mark.parametrize("name", list(ON_TOKEN))
async def test_all_agree_on_files_of_a_token(name: str, softhsm: SoftHsmToken, tmp_path: Path) -> None:
    algorithm, bits = ON_TOKEN[name]
    pin = SecretStr(softhsm.pin)
    backend = Pkcs11Backend(Pkcs11Settings(module=Path(softhsm.module), token=softhsm.label, pin=pin))
    made = await asyncio.to_thread(backend.generate, algorithm, bits=bits, label=f"opinion {name}")
    world = LastingWorld(backend.open(made.uri, algorithm, made.public_key, None))
    for level in Level:
        file = await world.seal(pdf(), level)
        assert (file.level, file.missing) == (level, None)
        assert (await world.verifier()(file.content)).conclusion == "genuine"
        await asyncio.to_thread(_all_agree, world, file.content, level, tmp_path)


@pytest.mark.parametrize("name", list(KEYS))
async def test_all_refuse_a_file_with_one_octet_changed(name: str, tmp_path: Path) -> None:
    """QPDF looks at the syntax alone; whoever looks at signatures says no, as we do."""
    content = await sealed(name, Level.B_T)
    changed = content.replace(b"/MediaBox [ 0 0 595 842 ]", b"/MediaBox [ 0 0 595 841 ]", 1)
    assert changed != content
    assert (await world_of(name).verifier()(changed)).conclusion == "changed"
    file = tmp_path / "changed.pdf"
    file.write_bytes(changed)
    said = await asyncio.to_thread(run, "pdfsig", "-nocert", file)
    assert "Signature Validation: Digest Mismatch" in said, said
    said = await asyncio.to_thread(run, "mutool", "sign", "-v", file)
    assert "Signature invalidated by change to document" in said, said
    (said,) = await asyncio.to_thread(_openssl_on_signatures, world_of(name), changed, tmp_path)
    assert "CMS Verification failure" in said, said


def _all_agree(world: LastingWorld, content: bytes, level: Level, folder: Path) -> None:
    file = folder / "sealed.pdf"
    file.write_bytes(content)
    said = run("pdfsig", "-nocert", file)
    assert said.count("Signature is Valid") == 1, said
    checked = run("qpdf", "--check", file)
    assert checked.endswith("exit 0"), checked
    assert "WARNING" not in checked
    said = run("mutool", "sign", "-v", file)
    whole = level.rank < Level.B_LT.rank  # MuPDF calls whatever follows the signature an edit
    assert ("unchanged since signing" if whole else "signature is valid but there have been edits") in said, said
    (said,) = _openssl_on_signatures(world, content, folder)
    assert "CMS Verification successful" in said, said
    stamps = _openssl_on_stamps(world, content, folder)
    assert len(stamps) == {Level.B_B: 0, Level.B_T: 1, Level.B_LT: 1, Level.B_LTA: 2}[level]
    assert all("Verification: OK" in said for said in stamps), stamps


def _values(content: bytes, *, stamps: bool) -> list[tuple[bytes, bytes]]:
    """Of signatures, or of document time-stamps: the value and the octets that it covers."""
    found = []
    for one in re.finditer(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", content):
        start, end, length = (int(number) for number in one.groups())
        if (b"/DocTimeStamp" in content[one.start() - 200 : one.start()]) is stamps:
            value = bytes.fromhex(content[start + 1 : end - 1].decode())
            found.append((value, content[:start] + content[end : end + length]))
    return found


def _openssl_on_signatures(world: LastingWorld, content: bytes, folder: Path) -> Sequence[str]:
    said = []
    for value, covered in _values(content, stamps=False):
        (folder / "value").write_bytes(value)
        (folder / "covered").write_bytes(covered)
        given = ("-inform", "DER", "-in", folder / "value", "-content", folder / "covered", "-out", folder / "out")
        said.append(run("openssl", "cms", "-verify", "-binary", "-purpose", "any", *given, *_trust(world, folder)))
    return said


def _openssl_on_stamps(world: LastingWorld, content: bytes, folder: Path) -> Sequence[str]:
    """`ts -verify` for every token: beside a signature, over its value; in a field, over the document."""
    tokens = _values(content, stamps=True)
    for number, one in enumerate(re.finditer(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", content)):
        if number == 0:  # the signature's own revision is the first that is signed
            signer = container(content[: int(one[2]) + int(one[3])])["signer_infos"][0]
            for attribute in signer["unsigned_attrs"] if signer["unsigned_attrs"] else []:
                assert attribute["type"].native == "signature_time_stamp_token"
                tokens.append((attribute["values"][0].dump(), signer["signature"].native))
    chain = folder / "chain.pem"
    chain.write_bytes(world.stamp_issuing.certificate.public_bytes(Encoding.PEM))
    said = []
    for token, data in tokens:
        (folder / "token").write_bytes(token)
        (folder / "data").write_bytes(data)
        given = ("-token_in", "-in", folder / "token", "-data", folder / "data", "-untrusted", chain)
        said.append(run("openssl", "ts", "-verify", *given, *_trust(world, folder)))
    return said


def _trust(world: LastingWorld, folder: Path) -> tuple[str | Path, ...]:
    roots = folder / "roots.pem"
    roots.write_bytes(world.roots_pem())
    return "-CAfile", roots, "-attime", str(int(START.timestamp()))
