"""After a restore no access token of before counts: what was revoked since the backup must not come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring.backup import RestoredKeys
from api.wiring.keys import build_keys, ensure_service_keys
from core.clock import SystemClock
from keys.errors import TokenRejected
from keys.spec import SignatureAlgorithm

CLAIMS = {"iss": "https://id.example.test", "aud": "a", "sub": "b", "client_id": "c", "iat": 1, "exp": 2, "jti": "d"}


async def test_tokens_of_either_format_end(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    clock = SystemClock()
    services = await build_keys(settings.keys, clock)
    try:
        await ensure_service_keys(services.ring)
        sealed = services.secrets.access.seal(CLAIMS)
        signed = services.signer.sign(CLAIMS, typ="at+jwt", algorithm=SignatureAlgorithm.ES256)
        assert services.secrets.access.open(sealed)["sub"] == "b", "the twin: before, it opens"
        await RestoredKeys(services, clock, settings.pki).end_tokens()
        with pytest.raises(TokenRejected, match="kid"):
            services.secrets.access.open(sealed)
        with pytest.raises(TokenRejected, match="kid"):
            services.verifier.verify(signed, typ="at+jwt", issuer=CLAIMS["iss"], audience=None)  # type: ignore[arg-type]
        assert services.secrets.access.open(services.secrets.access.seal(CLAIMS))["sub"] == "b"
    finally:
        await services.close()
