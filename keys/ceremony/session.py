"""A ceremony as it goes on: which step, who is there, what was shown, done and answered, for the protocol."""

from __future__ import annotations

import datetime as dt
import unicodedata

from core.clock import Clock
from core.text import Text
from keys.ceremony.errors import CeremonyRefused, CeremonyStopped
from keys.ceremony.model import ROLE_NAMES, STEPS, Event, Kind, Person, Role, Step
from keys.ceremony.ports import Dialogue

_LONGEST = 200

EVERYBODY = ""
"""`Event.who` of what was not said by one person."""


class Session:
    """Leads people through the steps of one kind of ceremony and remembers.

    Args:
        kind: which procedure; its steps must be begun in their order.
    """

    def __init__(self, kind: Kind, dialogue: Dialogue, clock: Clock) -> None:
        self.kind = kind
        self.dialogue = dialogue
        self.people: tuple[Person, ...] = ()
        self.place = ""
        self.events: list[Event] = []
        self.began = clock.now().replace(microsecond=0)
        self._clock = clock
        self._step = STEPS[kind][0]
        self._number = 0

    def now(self) -> dt.datetime:
        """To the second, as it will be written."""
        return self._clock.now().replace(microsecond=0)

    def begin(self, step: Step) -> None:
        """The next step; any other than the procedure's next one is a fault of the program."""
        steps = STEPS[self.kind]
        if self._number == len(steps) or steps[self._number] is not step:
            raise AssertionError(f"{step.name} is not the next step of {self.kind}")
        self._step = step
        self._number += 1
        total = len(steps)
        head = Text(
            f"\n—— 第 {self._number} 步，共 {total} 步：{step.title.zh} ——",
            f"\n-- Step {self._number} of {total}: {step.title.en} --",
        )
        self.dialogue.tell(head)

    def finish(self) -> None:
        """Nothing may be left of the procedure."""
        if self._number < len(STEPS[self.kind]):
            raise AssertionError(f"{self._step.name} is not the last step of {self.kind}")

    def note(self, text: Text, *, who: str = EVERYBODY, answer: str = "") -> None:
        """Write down what happened, without showing it."""
        self.events.append(Event(self.now(), self._step.name, who, text, answer))

    def show(self, text: Text) -> None:
        """Show to everybody, and write down that it was shown."""
        self.dialogue.tell(text)
        self.note(text)

    def ask(self, question: Text) -> str:
        """Ask everybody, and write down the answer.

        Raises:
            CeremonyRefused: an answer that is too long, or that printing would not show as it is.
        """
        answer = unicodedata.normalize("NFC", self.dialogue.ask(question))
        if len(answer) > _LONGEST or not answer.isprintable():
            text = Text(
                f"回答不能超过 {_LONGEST} 个字符，也不能含有不可见字符。",
                f"An answer has at most {_LONGEST} characters, all of them visible.",
            )
            raise CeremonyRefused(text)
        self.note(question, answer=answer)
        return answer

    def confirm_by_leads(self, text: Text) -> None:
        """Leader and witness each confirm it.

        Raises:
            CeremonyStopped: one of them says no; nothing is written.
        """
        for role in (Role.LEAD, Role.WITNESS):
            self.confirm_by(self.person(role), role, text)

    def confirm_by(self, person: Person, role: Role, text: Text) -> None:
        """One person confirms it.

        Raises:
            CeremonyStopped: they say no.
        """
        name = ROLE_NAMES[role]
        question = Text(f"{name.zh}{person.name}：{text.zh}", f"{person.name} ({name.en}): {text.en}")
        agreed = self.dialogue.confirm(question)
        self.note(text, who=person.name, answer="yes" if agreed else "no")
        if not agreed:
            raise CeremonyStopped(
                Text(
                    f"{person.name}未确认，仪式终止，没有写入任何文件。",
                    f"{person.name} did not confirm: the ceremony has ended, and nothing was written.",
                )
            )

    def person(self, role: Role) -> Person:
        """The one who has this role: leader or witness."""
        return next(person for person in self.people if role in person.roles)
