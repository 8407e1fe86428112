"""The life of certificates as a state machine: register, lists and OCSP answers always say what a plain model says."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from keys.spec import SignatureAlgorithm
from keys.x509.errors import CertificateConflict
from keys.x509.issue import Wanted
from keys.x509.model import CertificateRecord, RevocationReason
from keys.x509.names import machine_name
from keys.x509.profiles import TLS_CLIENT
from tests.support.clock import FakeClock
from tests.support.pki_world import pki_worker
from tests.unit.keys.rings import fixed_signer

REASONS = [one for one in RevocationReason if one is not RevocationReason.CERTIFICATE_HOLD]


@dataclass
class Expected:
    """What the model knows of a certificate."""

    record: CertificateRecord
    status: str = "good"
    reason: RevocationReason | None = None
    since: dt.datetime | None = None


class CertificateLife(RuleBasedStateMachine):
    """Two workers, of which any may act; after a few seconds both must say the same."""

    certificates = Bundle("certificates")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.stack = AsyncExitStack()
        self.known: list[Expected] = []
        folder = Path(self.folder.name)
        self.workers = [
            self.run(self.stack.enter_async_context(pki_worker(folder, self.clock, parts_from=2))) for _ in range(2)
        ]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @rule(target=certificates, worker=st.integers(0, 1))
    def issue(self, worker: int) -> int:
        number = len(self.known)
        key = fixed_signer(SignatureAlgorithm.ES256, f"life {number}")
        subject = machine_name(organisation_name="局", identifier=f"m{number}")
        made = self.run(self.workers[worker].issue(Wanted(TLS_CLIENT, subject, key.public_key)))
        self.known.append(Expected(made))
        return number

    @rule(number=certificates, worker=st.integers(0, 1))
    def suspend(self, number: int, worker: int) -> None:
        self._step(number, "held", self.workers[worker].change.suspend, RevocationReason.CERTIFICATE_HOLD)

    @rule(number=certificates, worker=st.integers(0, 1))
    def resume(self, number: int, worker: int) -> None:
        self._step(number, "good", self.workers[worker].change.resume, None)

    @rule(number=certificates, worker=st.integers(0, 1), reason=st.sampled_from(REASONS))
    def revoke(self, number: int, worker: int, reason: RevocationReason) -> None:
        change = self.workers[worker].change
        self._step(number, "revoked", lambda sha256: change.revoke(sha256, reason), reason)

    @rule(seconds=st.sampled_from([1, 6, 3600, 100_000]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    def _step(self, number: int, new: str, work: Any, reason: RevocationReason | None) -> None:
        model = self.known[number]
        try:
            self.run(work(model.record.sha256))
        except CertificateConflict:
            assert model.status == "revoked"
            assert new != "revoked"
            return
        assert model.status != "revoked" or new == "revoked"
        if model.status != new:
            model.since = None if new == "good" else model.since or self.clock.now()
            model.status, model.reason = new, reason

    @invariant()
    def everybody_says_the_same(self) -> None:
        self.clock.advance(6)  # longer than a worker takes to hear of it
        bad = {one.record.number for one in self.known if one.status != "good"}
        for pki in self.workers:
            whole = x509.load_der_x509_crl(self.run(pki.lists.get("machines")).der)
            assert {entry.serial_number for entry in whole} == bad
            for model in self.known:
                self._check(pki, model)

    def _check(self, pki: Any, model: Expected) -> None:
        found = self.run(pki.certificates.find(model.record.sha256))
        assert (found.status, found.reason, found.revoked_at) == (model.status, model.reason, model.since)
        part = x509.load_der_x509_crl(self.run(pki.lists.get("machines", model.record.number % 64)).der)
        entry = part.get_revoked_certificate_by_serial_number(model.record.number)
        assert (entry is None) == (model.status == "good")
        answer = self._ask(pki, model.record)
        assert answer.certificate_status.name == ("GOOD" if model.status == "good" else "REVOKED")
        if entry is not None:
            assert entry.revocation_date_utc == answer.revocation_time_utc == model.since

    def _ask(self, pki: Any, record: CertificateRecord) -> ocsp.OCSPResponse:
        issuer = x509.load_der_x509_certificate(pki.authorities.issuing("machines").der)
        builder = ocsp.OCSPRequestBuilder().add_certificate(
            x509.load_der_x509_certificate(record.der), issuer, hashes.SHA256()
        )
        answer = self.run(pki.responder.answer("machines", builder.build().public_bytes(Encoding.DER)))
        return ocsp.load_der_ocsp_response(answer.der)


TestCertificateLife = CertificateLife.TestCase
TestCertificateLife.settings = settings(max_examples=6, stateful_step_count=12, deadline=None)
