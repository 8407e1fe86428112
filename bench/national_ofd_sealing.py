"""An OFD sealed with the national seal, on one core by processor time: two pages, a visible seal, keys loaded once.

Row `seal.ofd`: the package looked through and digested by SM3, the signature described, the stamp signed, the archive
written; bytes in and out, as it is done in the service's cell and beside it. Its peer is libcrypto's own SM2 in the
same run, the raw signature over 200 octets: the most that any way of sealing could reach.
"""

from __future__ import annotations

from bench.processor import interleaved, on_one_core, repeated
from bench.report import Row, rate
from bench.signing_world import seal_image
from core.files.reading import whole
from signing.ofd.seal.plan import OfdWish, plan_seal
from signing.ofd.seal.stamp import stamp
from signing.places import Placement
from tests.support.eseal_world import NOW
from tests.support.national_forms import national_form
from tests.support.ofd_sealing import package, recomputed

SECONDS = 1.5
PEER = "raw libcrypto SM2"


def measure() -> list[Row]:
    """Row `seal.ofd`."""
    ofd, signer = package(2), national_form()
    wish = OfdWish((Placement(1, 120, 200),), seal_image(), signer.seal, "20261126080000Z", False, 100_000_000)

    def seal() -> bytes:
        return whole(stamp(plan_seal(ofd, wish), signer, NOW).finished(ofd))

    if any(one.faults for one in recomputed(seal())):
        raise SystemExit("seal.ofd: a sealed package does not hold")
    with on_one_core():
        ours, raw = interleaved(repeated(seal, SECONDS), repeated(lambda: signer.sign(ofd[:200]), SECONDS))
    return [rate("seal.ofd", ours, "files/s", PEER, raw)]
