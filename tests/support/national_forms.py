"""National forms of seals for tests: one SESeal, under the authority of `eseal_world`, for every seal."""

from __future__ import annotations

import functools
from dataclasses import replace

from signing.eseal.model import Signers
from signing.model import Seal
from signing.ports import NationalSigner
from tests.support.eseal_world import INFO, Making, certificate, sm2


@functools.cache
def national_form(signer: str = "signer") -> NationalSigner:
    making = Making(info=replace(INFO, signers=Signers((certificate(signer),))), signer=signer)
    return NationalSigner(making.seal(), INFO.version, (certificate(signer),), sm2(signer).sign)


class NationalForms:
    """Implements `signing.ports.NationalSigners`: one form for every seal."""

    async def of(self, seal: Seal) -> NationalSigner:
        return national_form()
