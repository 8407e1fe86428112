"""Who takes part: two different people lead, and each share has one holder of its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from core.text import Text
from keys.ceremony.errors import CeremonyRefused
from keys.ceremony.model import PEOPLE, ROLE_NAMES, Holder, Person, Role
from keys.ceremony.session import Session

_LONGEST = 64


def gather_people(session: Session, *, shares: int) -> tuple[str, ...]:
    """Ask who is there, for a ceremony that hands out `shares` new shares.

    Returns:
        The names of those who will hold them, in the order of the shares.

    Raises:
        CeremonyRefused: leader and witness are one person, or one person would hold two shares.
        CeremonyStopped: somebody does not confirm.
    """
    session.begin(PEOPLE)
    _ask_leads(session)
    names = _ask_new_holders(session, shares)
    _add_holders(session, names)
    _confirm(session)
    return names


def gather_holders(
    session: Session, holders: Sequence[Holder], *, needed: int, new_shares: int = 0
) -> tuple[tuple[Holder, ...], tuple[str, ...]]:
    """Ask who is there, for a ceremony that opens the root: of those who hold shares, as many as are needed.

    Returns:
        The holders who have come with their shares; the names of those who will hold the `new_shares`.

    Raises:
        CeremonyRefused: as for `gather_people`; or a number that is no share's.
        CeremonyStopped: somebody does not confirm.
    """
    session.begin(PEOPLE)
    _ask_leads(session)
    session.dialogue.tell(_list_of(holders))
    come = tuple(_ask_holder(session, holders, place, needed) for place in range(1, needed + 1))
    _check_apart([str(one.index) for one in come], Text("同一分片出现两次。", "The same share was named twice."))
    names = _ask_new_holders(session, new_shares)
    _add_holders(session, list(dict.fromkeys([*(one.name for one in come), *names])))
    _confirm(session)
    return come, names


def _ask_new_holders(session: Session, shares: int) -> tuple[str, ...]:
    names = tuple(_name(session, _holder_question(index, shares)) for index in range(1, shares + 1))
    _check_apart(names, Text("一人只能持有一个分片。", "One person holds one share only."))
    return names


def _ask_leads(session: Session) -> None:
    session.place = session.ask(Text("仪式地点：", "Place of the ceremony:"))
    people = []
    for role in (Role.LEAD, Role.WITNESS):
        kind = ROLE_NAMES[role]
        name = _name(session, Text(f"{kind.zh}姓名：", f"Name of the {kind.en}:"))
        organisation = session.ask(Text(f"{name}的单位和职务：", f"Organisation and post of {name}:"))
        people.append(Person(name, organisation, (role,)))
    _check_apart(
        [person.name for person in people],
        Text("主持人和见证人须为两个人。", "The leader and the witness must be two people."),
    )
    session.people = tuple(people)


def _ask_holder(session: Session, holders: Sequence[Holder], place: int, needed: int) -> Holder:
    question = Text(
        f"第 {place} 位到场的分片持有人（共需 {needed} 位），分片编号：",
        f"Holder {place} of {needed} who has come; number of the share:",
    )
    answer = unicodedata.normalize("NFKC", session.ask(question))
    found = next((holder for holder in holders if str(holder.index) == answer), None)
    if found is None:
        raise CeremonyRefused(Text(f"没有编号为 {answer} 的分片。", f"There is no share with the number {answer}."))
    return found


def _list_of(holders: Sequence[Holder]) -> Text:
    zh = "\n".join(f"  分片 {one.index}：{one.name}" for one in holders)
    en = "\n".join(f"  share {one.index}: {one.name}" for one in holders)
    return Text(f"分片持有人：\n{zh}", f"Who holds the shares:\n{en}")


def _holder_question(index: int, total: int) -> Text:
    return Text(f"第 {index} 个分片（共 {total} 个）的持有人姓名：", f"Name of the holder of share {index} of {total}:")


def _name(session: Session, question: Text) -> str:
    name = session.ask(question)
    if not name or len(name) > _LONGEST:
        raise CeremonyRefused(Text(f"姓名须为 1 至 {_LONGEST} 个字符。", f"A name has 1 to {_LONGEST} characters."))
    return name


def _check_apart(names: Sequence[str], text: Text) -> None:
    if len({name.casefold() for name in names}) != len(names):
        raise CeremonyRefused(text)


def _add_holders(session: Session, names: Sequence[str]) -> None:
    known = {person.name: person for person in session.people}
    for name in names:
        person = known.get(name) or Person(name, "", ())
        known[name] = Person(name, person.organisation, (*person.roles, Role.HOLDER))
    session.people = tuple(known.values())


def _confirm(session: Session) -> None:
    here = Text(
        "；".join(f"{one.name}（{_roles(one).zh}）" for one in session.people),
        "; ".join(f"{one.name} ({_roles(one).en})" for one in session.people),
    )
    session.confirm_by_leads(
        Text(f"已核对各人身份，在场人员无误：{here.zh}。", f"I have checked who everybody is: {here.en}.")
    )


def _roles(person: Person) -> Text:
    names = [ROLE_NAMES[role] for role in person.roles]
    return Text("、".join(name.zh for name in names), ", ".join(name.en for name in names))
