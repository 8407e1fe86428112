"""`keys.ports.KeyBackend` in memory and on a PKCS#11 token: the contract."""

from __future__ import annotations

import pytest

from keys.backends.software import SoftwareBackend
from keys.errors import KeyStoreDamaged
from keys.spec import SignatureAlgorithm
from tests.conformance.harness import parametrised
from tests.conformance.signer import SignerBasic, SignerContention, SignerRestart
from tests.conformance.signer_backends import BACKENDS


@parametrised(BACKENDS)
class TestSignerBasic(SignerBasic):
    pass


@parametrised(BACKENDS)
class TestSignerRestart(SignerRestart):
    pass


@parametrised(BACKENDS)
class TestSignerContention(SignerContention):
    pass


def test_a_private_key_beside_another_public_key_is_refused() -> None:
    backend = SoftwareBackend()
    ours, other = (backend.generate(SignatureAlgorithm.ES256, bits=256, label="pair") for _ in range(2))
    with pytest.raises(KeyStoreDamaged):
        backend.open(ours.uri, SignatureAlgorithm.ES256, other.public_key, ours.private)
