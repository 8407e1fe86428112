"""O-33: encrypted and compressed tokens where ours are due: none of ours is, so each is refused by its form."""

from __future__ import annotations

import hashlib
import json
import zlib
from typing import Any

import pytest
from jose import jwe

from keys.errors import TokenRejected
from keys.jose.tokens import TokenVerifier
from keys.spec import SignatureAlgorithm
from tests.support.clock import FakeClock
from tests.unit.keys.forge import encoded, header_for, part, token
from tests.unit.keys.rings import CLIENT, ISSUER, fixed_signer, id_token_claims, our_keys

ES = fixed_signer(SignatureAlgorithm.ES256)
BOMB = zlib.compress(b"a" * 4_000_000, 9)[2:-4]  # 1 : 1000, raw DEFLATE


def _jwe(header: dict[str, Any], body: bytes = b"x" * 32) -> str:
    return ".".join((part(header), encoded(b"k" * 40), encoded(b"i" * 12), encoded(body), encoded(b"t" * 16)))


def _nested(depth: int) -> str:
    text = _jwe({"alg": "dir", "enc": "A256GCM"})
    while depth and len(text) < 1_000_000:
        text = _jwe({"alg": "dir", "enc": "A256GCM", "cty": "JWT"}, text.encode())
        depth -= 1
    return text


HOSTILE = {
    "zip-bomb": _jwe({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}, BOMB),
    "pbes2-p2c-1e9": _jwe({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "AAAA", "p2c": 10**9}),
    "pbes2-p2c-1e400": _jwe({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "AAAA", "p2c": 10**400}),
    "nested-50": _nested(50),
    "dir-with-wrong-key": jwe.encrypt(b"{}", b"w" * 32, algorithm="dir", encryption="A256GCM").decode(),
    "rsa1_5": _jwe({"alg": "RSA1_5", "enc": "A128CBC-HS256"}),
    "rsa-oaep": _jwe({"alg": "RSA-OAEP", "enc": "A256GCM"}),
    "ecdh-es-with-odd-point": _jwe(
        {"alg": "ECDH-ES", "enc": "A256GCM", "epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}
    ),
    "four-parts": "a.b.c.d",
    "six-parts": "a.b.c.d.e.f",
    "signed-zip-bomb": f"{part(header_for(ES, zip='DEF'))}.{encoded(BOMB)}.{encoded(bytes(64))}",
}

DEEP = {
    "arrays": "[" * 6000 + "]" * 6000,
    "objects": '{"a":' * 2000 + "1" + "}" * 2000,
}


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Decompressing, deriving a key or decrypting breaks the test."""

    def refuse(*_arguments: object, **_named: object) -> None:
        raise AssertionError("a token that we never issue made us work")

    for place, name in ((zlib, "decompress"), (zlib, "decompressobj"), (hashlib, "pbkdf2_hmac"), (jwe, "decrypt")):
        monkeypatch.setattr(place, name, refuse)


def _verified(text: str, clock: FakeClock) -> dict[str, Any]:
    return TokenVerifier(our_keys(), clock).verify(text, typ="JWT", issuer=ISSUER, audience=CLIENT)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("name", HOSTILE)
def test_o33_encrypted_or_compressed_token_is_refused(name: str, clock: FakeClock) -> None:
    with pytest.raises(TokenRejected):
        _verified(HOSTILE[name], clock)


@pytest.mark.parametrize("name", DEEP)
def test_o33_deeply_nested_json_is_refused(name: str, clock: FakeClock) -> None:
    for header, claims in ((DEEP[name], "{}"), (json.dumps(header_for(ES)), DEEP[name])):
        with pytest.raises(TokenRejected):
            _verified(f"{part(header)}.{part(claims)}.{encoded(bytes(64))}", clock)


@pytest.mark.usefixtures("no_work")
def test_o33_twin_a_signed_token_is_accepted(clock: FakeClock) -> None:
    claims = id_token_claims(clock)
    assert _verified(token(header_for(ES), claims, ES), clock) == claims


def test_o33_the_bomb_is_a_bomb() -> None:
    assert len(zlib.decompress(BOMB, wbits=-15)) > 900 * len(BOMB)
