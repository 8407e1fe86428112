"""O-33: encrypted tokens to our keys: oracles, bombs, foreign points and headers. Each beside its twin."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe as their_jwe
from joserfc.jwk import ECKey, RSAKey

from keys.errors import TokenRejected
from keys.jose import jwe_content, jwe_keys
from keys.jose.jwe import MAXIMUM_SIZE, decrypt
from keys.primitives import base64url
from tests.unit.keys.forge import encoded, part

OURS, OTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
KEYS = {"ours": OURS}
PUBLIC = ECKey.import_key(OURS.public_key())  # type: ignore[arg-type]  # it takes key objects too
ALLOWED = ["ECDH-ES", "ECDH-ES+A256KW", "A256GCM", "A128GCM", "A128CBC-HS256", "RSA-OAEP-256", "ECDH-ES+A128KW"]
P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1


def written(alg: str = "ECDH-ES", enc: str = "A256GCM", content: bytes = b"law", **header: Any) -> str:
    members = {"alg": alg, "enc": enc, "kid": "ours"} | header
    return their_jwe.encrypt_compact(members, content, PUBLIC, algorithms=ALLOWED)


def header_of(token: str) -> dict[str, Any]:
    return dict(json.loads(base64url.decode(token.split(".")[0])))


def under(token: str, **changes: Any) -> str:
    """The same token under another header; the tag no longer fits, but the header is looked at before."""
    members = header_of(token) | changes
    return ".".join(
        (part({name: value for name, value in members.items() if value is not None}), *token.split(".")[1:])
    )


def epk(token: str, **changes: Any) -> str:
    return under(token, epk={**header_of(token)["epk"], **changes})


def number(value: int) -> str:
    return encoded(value.to_bytes(32, "big"))


GOOD = written()
WRAPPED = written("ECDH-ES+A256KW")

BEFORE_ANY_WORK: dict[str, str] = {
    "zip": under(GOOD, zip="DEF"),
    "crit": under(GOOD, crit=["exp"], exp=1),
    "jwk": under(GOOD, jwk=header_of(GOOD)["epk"]),
    "jku": under(GOOD, jku="https://evil.example/jwks"),
    "x5u": under(GOOD, x5u="https://evil.example/x"),
    "x5c": under(GOOD, x5c=["AAAA"]),
    "pbes2": under(GOOD, alg="PBES2-HS256+A128KW", p2s="AAAA", p2c=10**9),
    "pbes2-without-its-members": under(GOOD, alg="PBES2-HS256+A128KW"),
    "rsa1_5": under(GOOD, alg="RSA1_5"),
    "rsa-oaep": under(GOOD, alg="RSA-OAEP"),
    "rsa-oaep-256": under(GOOD, alg="RSA-OAEP-256"),
    "dir": under(GOOD, alg="dir"),
    "a256kw": under(GOOD, alg="A256KW"),
    "none": under(GOOD, alg="none"),
    "alg-absent": under(GOOD, alg=None),
    "alg-list": under(GOOD, alg=["ECDH-ES"]),
    "enc-absent": under(GOOD, enc=None),
    "enc-unknown": under(GOOD, enc="A192GCM"),
    "enc-none": under(GOOD, enc="none"),
    "kid-unknown": under(GOOD, kid="theirs"),
    "kid-number": under(GOOD, kid=5),
    "epk-absent": under(GOOD, epk=None),
    "epk-text": under(GOOD, epk="x"),
    "epk-private": under(GOOD, epk={"kty": "oct", "k": "AAAA"}),
    "epk-rsa": under(GOOD, epk=RSAKey.generate_key(2048).as_dict(private=False)),
    "epk-p384": under(GOOD, epk=ECKey.generate_key("P-384").as_dict(private=False)),
    "epk-named-p384": epk(GOOD, crv="P-384"),
    "epk-off-the-curve": epk(GOOD, y=number(5)),
    "epk-zero": epk(GOOD, x=number(0), y=number(0)),
    "epk-beyond-the-prime": epk(GOOD, x=number(P256 + 1), y=number(1)),
    "epk-short": epk(GOOD, x="AA"),
    "epk-long": epk(GOOD, x="A" * 5000),
    "apu-number": under(GOOD, apu=5),
    "apu-long": under(GOOD, apu="A" * 200),
    "apv-not-base64url": under(GOOD, apv="++"),
    "key-where-none-belongs": ".".join((GOOD.split(".")[0], "AAAA", *GOOD.split(".")[2:])),
    "duplicate-member": ".".join((encoded(b'{"alg":"ECDH-ES","alg":"dir","enc":"A256GCM"}'), *GOOD.split(".")[1:])),
    "header-no-json": ".".join((encoded(b"law"), *GOOD.split(".")[1:])),
    "header-list": ".".join((encoded(b"[]"), *GOOD.split(".")[1:])),
    "four-parts": GOOD.rpartition(".")[0],
    "six-parts": GOOD + ".AAAA",
    "json-form": json.dumps({"protected": GOOD.split(".")[0], "ciphertext": "AA"}),
    "newline": GOOD + "\n",
    "padding": GOOD + "==",
    "empty": "",
    "too-long": under(GOOD, cty="A" * MAXIMUM_SIZE),
}


@pytest.mark.parametrize("name", BEFORE_ANY_WORK)
def test_o33_refused_before_anything_is_decrypted(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(*_: object, **__: object) -> bytes:
        raise AssertionError("nothing may be decrypted or decompressed")

    monkeypatch.setattr(jwe_content, "decrypt", no_more)
    monkeypatch.setattr(jwe_keys, "derive", no_more)
    monkeypatch.setattr(zlib, "decompressobj", no_more)
    with pytest.raises(TokenRejected):
        decrypt(BEFORE_ANY_WORK[name], KEYS)


def _flipped(token: str, position: int, octet: int = 0) -> str:
    parts = token.split(".")
    data = bytearray(base64url.decode(parts[position]))
    data[octet] ^= 1
    parts[position] = encoded(bytes(data))
    return ".".join(parts)


def _replaced(token: str, position: int, change: Callable[[bytes], bytes]) -> str:
    parts = token.split(".")
    parts[position] = encoded(change(base64url.decode(parts[position])))
    return ".".join(parts)


CHANGED: dict[str, str] = {
    **{f"{enc}-nonce": _flipped(written(enc=enc), 2) for enc in ("A256GCM", "A128GCM", "A128CBC-HS256")},
    **{f"{enc}-body": _flipped(written(enc=enc), 3) for enc in ("A256GCM", "A128GCM", "A128CBC-HS256")},
    **{f"{enc}-tag": _flipped(written(enc=enc), 4, -1) for enc in ("A256GCM", "A128GCM", "A128CBC-HS256")},
    "short-tag": _replaced(GOOD, 4, lambda tag: tag[:4]),
    "long-tag": _replaced(GOOD, 4, lambda tag: tag + b"\x00"),
    "tag-of-one-octet-by-chance": _replaced(GOOD, 4, lambda tag: tag[:1]),
    "short-nonce": _replaced(GOOD, 2, lambda nonce: nonce[:8]),
    "long-nonce": _replaced(GOOD, 2, lambda nonce: nonce + b"\x00"),
    "cbc-short-nonce": _replaced(written(enc="A128CBC-HS256"), 2, lambda nonce: nonce[:8]),
    "cbc-no-body": _replaced(written(enc="A128CBC-HS256"), 3, lambda _: b""),
    "cbc-half-block": _replaced(written(enc="A128CBC-HS256"), 3, lambda body: body[:8]),
    "wrapped-key": _flipped(WRAPPED, 1),
    "wrapped-key-short": _replaced(WRAPPED, 1, lambda key: key[:16]),
    "wrapped-key-odd": _replaced(WRAPPED, 1, lambda key: key + b"\x00"),
    "wrapped-key-absent": _replaced(WRAPPED, 1, lambda _: b""),
    "wrapped-key-of-another-size": under(WRAPPED, enc="A128GCM"),
    "header": under(GOOD, cty="JWT"),
    "other-management": under(GOOD, alg="ECDH-ES+A256KW"),
    "other-encryption": under(GOOD, enc="A128GCM"),
    "other-ephemeral-key": under(GOOD, epk=ECKey.generate_key("P-256").as_dict(private=False)),
    "party": under(GOOD, apu="QWxpY2U"),
    "a128kw": under(WRAPPED, alg="ECDH-ES+A128KW"),
    "body-of-another": ".".join((*GOOD.split(".")[:3], *written(content=b"lax").split(".")[3:])),
}


@pytest.mark.parametrize("name", CHANGED)
def test_o33_a_changed_jwe_is_refused(name: str) -> None:
    with pytest.raises(TokenRejected):
        decrypt(CHANGED[name], KEYS)


def test_o33_a_jwe_for_another_key_is_refused() -> None:
    with pytest.raises(TokenRejected):
        decrypt(GOOD, {"ours": OTHER})
    with pytest.raises(TokenRejected):
        decrypt(GOOD, {})


def test_o33_padding_is_not_looked_at_before_the_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    """No padding oracle: a body that was changed never reaches the cipher."""

    def no_more(*_: object) -> None:
        raise AssertionError("decrypted before the tag was checked")

    monkeypatch.setattr(jwe_content, "Cipher", no_more)
    for position in (2, 3, 4):
        with pytest.raises(TokenRejected):
            decrypt(_flipped(written(enc="A128CBC-HS256"), position), KEYS)


def test_o33_every_refusal_says_the_same_to_the_caller() -> None:
    texts = set()
    for token in (*BEFORE_ANY_WORK.values(), *CHANGED.values()):
        with pytest.raises(TokenRejected) as refused:
            decrypt(token, KEYS)
        texts.add((refused.value.code, refused.value.text))
    assert len(texts) == 1


@pytest.mark.parametrize("enc", ["A256GCM", "A128GCM", "A128CBC-HS256"])
@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A256KW"])
def test_o33_twin_a_good_jwe_is_read(alg: str, enc: str) -> None:
    for header in ({}, {"cty": "JWT"}, {"apu": "QWxpY2U"}):
        assert decrypt(written(alg, enc, **header), KEYS).content == b"law"
