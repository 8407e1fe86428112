"""A root whose key never leaves a PKCS#11 token: the shares give back the token's PIN, which nobody else knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pkcs11
import pytest

from api.wiring.ceremony import TokenCustody
from keys.backends.pkcs11_library import Pkcs11Library
from keys.backends.pkcs11_pin import log_out
from keys.ceremony.errors import CeremonyStopped
from keys.ceremony.former import read_former
from keys.ceremony.hold import hold
from keys.ceremony.later import reshare_root, sign_with_root
from keys.ceremony.protocol import read_protocol
from keys.ceremony.room import Orders, Resharing
from keys.ceremony.sealed_root import FILE, read_sealed_root
from keys.ceremony.verify import verify_folder
from keys.errors import KeyUnavailable
from keys.secrets.share_text import read_share
from keys.spec import SignatureAlgorithm
from tests.support.ceremony_root import Ground
from tests.support.servers import SoftHsmToken

_ALGORITHM = SignatureAlgorithm.ES256


@contextmanager
def _past_our_code(token: SoftHsmToken) -> Iterator[Any]:
    """The token, with nobody logged in."""
    log_out(token.module)
    library = Pkcs11Library.at(token.module)
    with library.entered():
        yield library.token(token.label)


def _custody(token: SoftHsmToken, pin: str = "") -> TokenCustody:
    return TokenCustody(Path(token.module), token.label, pin)


def _opens(token: SoftHsmToken, pin: str) -> bool:
    """Whether the token lets somebody in with this PIN."""
    try:
        with _past_our_code(token) as found, found.open(user_pin=pin):
            return True
    except pkcs11.exceptions.PinIncorrect:
        return False


def _keys(token: SoftHsmToken, pin: str) -> int:
    with _past_our_code(token) as found, found.open(user_pin=pin) as session:
        return len(list(session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})))


async def test_the_shares_unlock_the_token_and_nobody_else(restored_softhsm: SoftHsmToken) -> None:
    ground = Ground(custody=_custody(restored_softhsm, restored_softhsm.pin))
    files = await ground.found(algorithm=_ALGORITHM)
    assert [finding.what.en for finding in verify_folder(files) if not finding.good] == []
    assert read_protocol(files["protocol.json"]).root.custody == "pkcs11"
    sealed = read_sealed_root(files[FILE])
    pin = sealed.open([read_share(lines) for lines in ground.people.paper.values()][:3]).decode()
    assert not _opens(restored_softhsm, restored_softhsm.pin)
    assert _opens(restored_softhsm, pin)
    assert not any(pin.encode() in content for content in files.values())

    # later ceremonies on another day: no PIN file, only the shares
    ground.custody = _custody(restored_softhsm)
    again = await reshare_root(Resharing(2, 5), read_former(files), ground.room)
    assert not _opens(restored_softhsm, pin)  # so the old shares are void, copies of the old file or not
    ground.people.come = [4, 5]
    ground.custody = _custody(restored_softhsm)
    last = await sign_with_root(Orders(""), read_former(again), ground.room)
    assert [finding.what.en for finding in verify_folder(last) if not finding.good] == []
    with pytest.raises(KeyUnavailable):
        ground.custody.open(sealed.algorithm, sealed.public_key, sealed.location, b"00000000").signer.sign(b"x")


@pytest.mark.parametrize("stop", ["Name of the holder of share 5", "孙四: if this is so"])
async def test_a_ceremony_that_stops_leaves_the_token_as_it_was(
    stop: str, restored_softhsm: SoftHsmToken, tmp_path: Path
) -> None:
    ground = Ground(custody=_custody(restored_softhsm, restored_softhsm.pin))
    before = _keys(restored_softhsm, restored_softhsm.pin)
    ask = ground.people.ask

    def stopping(question: object) -> str:
        from core.text import Text

        if stop in question.en:  # type: ignore[attr-defined]  # a Text
            raise CeremonyStopped(Text("中断", "broken off"))
        return ask(question)  # type: ignore[arg-type]  # a Text

    ground.people.ask = stopping  # type: ignore[method-assign]  # a person who leaves
    with pytest.raises(CeremonyStopped):
        await hold(lambda _room: ground.found(algorithm=_ALGORITHM), ground.room, tmp_path / "root")
    assert _opens(restored_softhsm, restored_softhsm.pin)
    assert _keys(restored_softhsm, restored_softhsm.pin) == before
    ground.people.ask = ask  # type: ignore[method-assign]  # and one who stays
    await hold(lambda _room: ground.found(algorithm=_ALGORITHM), ground.room, tmp_path / "root")
    assert not _opens(restored_softhsm, restored_softhsm.pin)
