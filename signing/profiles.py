"""In which form a PDF is sealed: the worldwide one, the national ones, or both in one file.

No text of a national standard that we read says how a PDF carries an SM2 signature; these are the forms that are in
use (docs/national.md). PAdES has levels that say how long a signature lasts (`signing.levels`); these have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from keys.profile import Profile
from signing.levels import Level


class PdfProfile(StrEnum):
    """What stands in the file."""

    PADES = "pades"  # a CMS container of ETSI EN 319 142-1: every viewer in the world
    SM2_SEAL = "sm2seal"  # a stamp with the national seal (SES_Signature, GB/T 38540)
    SM2_CMS = "sm2cms"  # SignedData of GM/T 0010 with signed attributes
    SM2_CMS_DIGEST = "sm2cms-digest"  # the same over an embedded digest, as some readers expect it
    DUAL = "dual"  # a stamp with the national seal, and a PAdES signature over it as the outermost

    @property
    def national(self) -> bool:
        """Whether an SM2 signature is made."""
        return self is not PdfProfile.PADES

    @property
    def has_levels(self) -> bool:
        return self in (PdfProfile.PADES, PdfProfile.DUAL)


def resolved(asked: PdfProfile | None, own: Profile, level: Level | None = None) -> PdfProfile:
    """The form that is made.

    Args:
        own: in which forms the seal exists, and which of them goes with it.
        level: what was asked for by name. A stamp alone has none of those above B-B, so whoever names one and no form
            gets both forms.
    """
    if asked is not None:
        return asked
    if own is not Profile.NATIONAL:
        return PdfProfile.PADES
    return PdfProfile.SM2_SEAL if level in (None, Level.B_B) else PdfProfile.DUAL


OFD = "ofd"
"""What stands in the ledger of an OFD, which has one form."""


@dataclass(frozen=True, slots=True)
class Handler:
    """What a signature dictionary calls itself (ISO 32000-1 §12.8.1, Table 252).

    Attributes:
        filter: the program that the signature is meant for; any that knows the sub-filter may take it.
        sub_filter: what `Contents` is.
    """

    filter: str = "Adobe.PPKLite"
    sub_filter: str = "ETSI.CAdES.detached"


PADES_HANDLER = Handler()
SM2_SEAL_SUB_FILTER, SM2_CMS_SUB_FILTER = "GM.sm2seal", "GM.sm2cms.detached"
LEVEL_NAMES = {SM2_SEAL_SUB_FILTER: "SM2-SES", SM2_CMS_SUB_FILTER: "SM2-CMS"}
"""What is told in place of a level of SM2 signatures, by their sub-filters: the national forms have no levels."""
INNER = "-sm2"
"""What the name of the inner field of a dual file has behind that of the outer one."""
NATIONAL_FILTER = "GM.PKILite"
"""What stands as filter of SM2 signatures where nothing else is set: the one name in use that is no vendor's."""


def national_handler(profile: PdfProfile, name: str = NATIONAL_FILTER) -> Handler:
    """How an SM2 signature of this profile calls itself; in a dual file, the inner one."""
    cms = profile in (PdfProfile.SM2_CMS, PdfProfile.SM2_CMS_DIGEST)
    return Handler(name, SM2_CMS_SUB_FILTER if cms else SM2_SEAL_SUB_FILTER)
