"""Another name elsewhere, in words, with whom to ask; never the other name."""

from __future__ import annotations

from collections.abc import Mapping

from certstore.bulk.model import DifferenceKind
from core.text import Text

DIFFERENCES: Mapping[DifferenceKind, Text] = {
    DifferenceKind.OWN: Text("与本机关其他证照上的姓名或名称不同", "another name in other licences of this authority"),
    DifferenceKind.OFFICE: Text("与其他机关证照上的姓名或名称不同", "another name in licences of another authority"),
    DifferenceKind.IDENTITY: Text("与实名认证的姓名不同", "another name in the proved identity"),
}
_ASK: Mapping[DifferenceKind, Text] = {
    DifferenceKind.OWN: Text("请查本机关的证照", "look at this authority's licences"),
    DifferenceKind.OFFICE: Text("请向{office}核实", "ask {office}"),
    DifferenceKind.IDENTITY: Text("请持证人到实名核验窗口核实", "send the holder to an identity window"),
}


def told_difference(kind: DifferenceKind, office: Text) -> Text:
    """
    Args:
        office: name of the authority to ask; not used where it is another's business.
    """
    what, ask = DIFFERENCES[kind], _ASK[kind]
    return Text(
        f"{what.zh}，{ask.zh.replace('{office}', office.zh)}", f"{what.en}; {ask.en.replace('{office}', office.en)}"
    )
