"""Documents at rest: unreadable without the key ring, and any change is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.blobs.filesystem import FilesystemBlobStore
from core.errors import Unavailable
from keys.secrets.purposes import FORMER_FIELDS
from keys.secrets.vault import EncryptedVault
from tests.support.certstore_fakes import field_cipher, secret_of
from tests.support.former_forms import sealed_in_version_1

PDF = b"%PDF-1.7 a document that names somebody"


PLACE = "licence_file.content:fil_1"


@pytest.fixture
def vault(tmp_path: Path) -> EncryptedVault:
    return EncryptedVault(FilesystemBlobStore(tmp_path), field_cipher())


async def test_what_was_kept_comes_back_byte_for_byte(vault: EncryptedVault) -> None:
    assert await vault.open(await vault.keep(PDF, context=PLACE), context=PLACE) == PDF
    assert await vault.open(await vault.keep(b"", context=PLACE), context=PLACE) == b""


async def test_the_store_holds_no_readable_document(vault: EncryptedVault, tmp_path: Path) -> None:
    await vault.keep(PDF, context=PLACE)
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"somebody" not in file.read_bytes()
    assert not file.read_bytes().startswith(b"%PDF-")


async def test_equal_documents_cannot_be_told_apart_by_their_addresses(vault: EncryptedVault) -> None:
    assert await vault.keep(PDF, context=PLACE) != await vault.keep(PDF, context=PLACE)


async def test_cipher_text_of_another_place_is_refused(tmp_path: Path) -> None:
    """A field's cipher text, put into the store with its right digest, does not open as a document."""
    blobs = FilesystemBlobStore(tmp_path)
    foreign = await blobs.put(field_cipher().encrypt("a name", context="account.name:acc_1"))
    with pytest.raises(Unavailable):
        await EncryptedVault(blobs, field_cipher()).open(foreign, context=PLACE)


async def test_a_row_cannot_be_made_to_show_anothers_document(vault: EncryptedVault) -> None:
    address = await vault.keep(PDF, context=PLACE)
    for other in ("licence_file.content:fil_2", "seal_signature.document:fil_1", "document"):
        with pytest.raises(Unavailable):
            await vault.open(address, context=other)


async def test_documents_of_the_release_before_still_open(tmp_path: Path) -> None:
    blobs = FilesystemBlobStore(tmp_path)
    address = await blobs.put(sealed_in_version_1(secret_of(FORMER_FIELDS), PDF, "document"))
    assert await EncryptedVault(blobs, field_cipher()).open(address, context=PLACE) == PDF
