"""Large documents at rest: whole and in order, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.blobs.filesystem import FilesystemBlobStore
from core.errors import Unavailable
from core.files.scratch import Scratch, ScratchFile
from keys.errors import FieldDamaged
from keys.secrets.field import EnvelopeCipher
from keys.secrets.parts import PartsCipher, is_in_parts
from keys.secrets.purposes import DOCUMENTS
from keys.secrets.vault import EncryptedVault
from keys.spec import SecretKind
from tests.support.certstore_fakes import field_cipher
from tests.support.large_files import laid_out
from tests.support.secrets import MemorySecrets

PLACE = "seal_signature.document:sig_1"
HEAD, PART = 49, (1 << 20) + 16
CONTENT = b"%PDF-1.7 names somebody" * 150_000  # three parts and a bit


@pytest.fixture(params=SecretKind)
def cipher(request: pytest.FixtureRequest, tmp_path: Path) -> PartsCipher:
    secrets = MemorySecrets(DOCUMENTS, kind=request.param)
    return EnvelopeCipher(secrets, DOCUMENTS).in_parts(Scratch(tmp_path / "scratch"))


@pytest.mark.parametrize("size", [0, 1, PART - 17, PART - 16, PART - 15, 2 * (PART - 16), len(CONTENT)])
def test_any_size_comes_back(cipher: PartsCipher, size: int) -> None:
    sealed = cipher.encrypt(laid_out(CONTENT[:size]), context=PLACE)
    assert is_in_parts(sealed)
    assert b"somebody" not in sealed[:]
    assert cipher.decrypt(sealed, context=PLACE)[:] == CONTENT[:size]
    assert cipher.decrypt(sealed[:], context=PLACE)[:] == CONTENT[:size]


def parts(sealed: bytes) -> list[bytes]:
    return [sealed[start : start + PART] for start in range(HEAD, len(sealed), PART)]


TAMPERED: dict[str, Callable[[bytes, bytes], bytes]] = {
    "cut off behind a part": lambda one, _: one[: HEAD + PART],
    "cut off within one": lambda one, _: one[:-1],
    "without its first part": lambda one, _: one[:HEAD] + b"".join(parts(one)[1:]),
    "with a part twice": lambda one, _: one[:HEAD] + parts(one)[0] + one[HEAD:],
    "in another order": lambda one, _: one[:HEAD] + parts(one)[1] + parts(one)[0] + b"".join(parts(one)[2:]),
    "with another document's part": lambda one, two: one[:HEAD] + parts(two)[0] + b"".join(parts(one)[1:]),
    "with another salt": lambda one, _: one[:20] + bytes([one[20] ^ 1]) + one[21:],
    "one bit changed": lambda one, _: one[: HEAD + 9] + bytes([one[HEAD + 9] ^ 1]) + one[HEAD + 10 :],
    "one bit of the end changed": lambda one, _: one[:-1] + bytes([one[-1] ^ 1]),
    "nothing but a head": lambda one, _: one[:HEAD],
    "longer than it was": lambda one, _: one + bytes(40),
    "under an unknown key": lambda one, _: one[:1] + b"x" * 16 + one[17:],
}


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_whatever_is_changed_is_found(cipher: PartsCipher, change: Callable[[bytes, bytes], bytes]) -> None:
    one, two = (cipher.encrypt(laid_out(CONTENT), context=PLACE)[:] for _ in range(2))
    with pytest.raises(FieldDamaged):
        cipher.decrypt(change(one, two), context=PLACE)
    assert cipher.decrypt(one, context=PLACE)[:] == CONTENT


def test_no_row_shows_another_rows_document(cipher: PartsCipher) -> None:
    sealed = cipher.encrypt(laid_out(CONTENT), context=PLACE)
    with pytest.raises(FieldDamaged):
        cipher.decrypt(sealed, context="seal_signature.document:sig_2")


async def test_the_vault_keeps_small_and_large_ones(tmp_path: Path) -> None:
    blobs = FilesystemBlobStore(tmp_path / "blobs")
    vault = EncryptedVault(blobs, field_cipher(), Scratch(tmp_path / "scratch"))
    large = CONTENT * 3
    address = await vault.keep(laid_out(large), context=PLACE)
    found = await vault.open_file(address, context=PLACE)
    assert isinstance(found, ScratchFile)
    assert found[:] == large == await vault.open(address, context=PLACE)
    assert address.startswith(vault.head())
    small = await vault.keep(b"small", context=PLACE)
    assert await vault.open_file(small, context=PLACE) == b"small"
    former, sealed = vault.seal(large, context=PLACE)  # as large ones were kept before
    await vault.put(sealed)
    assert (await vault.open_file(former, context=PLACE))[:] == large
    (place,) = (tmp_path / "blobs").rglob(address.rpartition(".")[2])
    place.write_bytes(place.read_bytes()[: HEAD + PART])
    with pytest.raises(Unavailable):
        await vault.open_file(address, context=PLACE)
