"""The writers of seals' containers, each made once and kept as long as its key and certificate last."""

from __future__ import annotations

from keys.ports import KeyProvider
from signing.model import Seal
from signing.pades.cms_writer import CmsWriter, cms_writer


class SealWriters:
    """Finds the writer for a seal as it is now."""

    def __init__(self, keys: KeyProvider) -> None:
        self._keys = keys
        self._made: dict[tuple[str, str, bytes], CmsWriter] = {}

    def of(self, seal: Seal) -> CmsWriter:
        """
        Raises:
            core.errors.Unavailable: `key-missing`, `seal-key-mismatch`.
        """
        signer = self._keys.signer(seal.key_purpose)
        key = (seal.id, signer.key_id, seal.certificate)
        if key not in self._made:
            self._made[key] = cms_writer(signer, seal.certificates)
        return self._made[key]
