"""What numbers the kinds of our seals have in SESeal (`type`).

They are those of the state's platform for e-seals: 1 the legal name, 2 finance, 3 invoices, 4 contracts, 5 persons'
names; 99 stands for others. The text (C0119) was not read; the numbers are as implementations cite them.
"""

from __future__ import annotations

from collections.abc import Mapping

from signing.model import SealKind

KIND_NUMBERS: Mapping[SealKind, int] = {
    SealKind.OFFICIAL: 1,
    SealKind.FINANCE: 2,
    SealKind.CONTRACT: 4,
    SealKind.REPRESENTATIVE: 5,
    SealKind.PERSONAL: 5,
    SealKind.LICENCE: 99,
    SealKind.SPECIAL: 99,
}
