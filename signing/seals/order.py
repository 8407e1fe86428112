"""What seal somebody wants: the words on it, its look, its key."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.text import Text
from keys.profile import Profile
from keys.spec import SignatureAlgorithm
from signing.appearance.official_seal import SealCentre, SealDesign, SealShape
from signing.appearance.trace import InkMap, unpacked
from signing.errors import SealInvalid
from signing.model import SealApplication, SealKind

_WITH_BEARER = frozenset({SealKind.PERSONAL, SealKind.REPRESENTATIVE})


@dataclass(frozen=True, slots=True)
class SealOrder:
    """A seal to be made.

    Attributes:
        organisation: unified social credit code of the owner.
        name: the owner's registered name; the Chinese one stands on the arc.
        code: 13 digits.
        line: short line under the star, or the name on a name seal; empty for none.
        diameter_mm: outer diameter; the height of a seal that is not round.
        bearer: account of the person whose seal it will be: of a personal one always, of a representative's perhaps.
        replaces: the owner's seal of the same kind whose place it shall take (换章).
        numbered: the code stands on the seal.
        scan: the ink of a scanned impression, for a seal that shall look like one.
        profile: in which forms it shall exist; None for what the owner's department or the deployment has.
    """

    organisation: str
    name: Text
    code: str
    kind: SealKind = SealKind.OFFICIAL
    line: str = ""
    diameter_mm: float = 42.0
    algorithm: SignatureAlgorithm = SignatureAlgorithm.ES256
    bearer: str | None = None
    replaces: str | None = None
    shape: SealShape = SealShape.ROUND
    centre: SealCentre = SealCentre.STAR
    numbered: bool = True
    scan: InkMap | None = field(default=None, repr=False)
    profile: Profile | None = None

    @property
    def design(self) -> SealDesign:
        code = self.code if self.numbered else ""
        return SealDesign(self.name.zh, code, self.line, self.diameter_mm, self.shape, self.centre)


def order_of(application: SealApplication) -> SealOrder:
    """What an application asks for."""
    return SealOrder(
        organisation=application.organisation,
        name=application.name,
        code=application.code,
        kind=application.kind,
        line=application.line,
        diameter_mm=application.diameter_mm,
        algorithm=SignatureAlgorithm(application.algorithm),
        bearer=application.bearer,
        replaces=application.replaces,
        shape=SealShape(application.shape),
        centre=SealCentre(application.centre),
        numbered=application.numbered,
        scan=None if application.scan is None else unpacked(application.scan),
        profile=application.profile,
    )


def check_bearer(order: SealOrder) -> None:
    """
    Raises:
        SealInvalid: `seal-bearer`.
    """
    if (order.kind is SealKind.PERSONAL and not order.bearer) or (order.bearer and order.kind not in _WITH_BEARER):
        raise SealInvalid(
            "seal-bearer",
            Text(
                "个人签名章要写明是谁的；单位的印章不属于某个人。",
                "A personal seal names whose it is; an organisation's seal is nobody's own.",
            ),
            field="bearer",
        )
