"""Prints the journey: each step with what was sent, what came back, how long it took, and whether it holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class StepFailed(Exception):
    """A promise of the journey does not hold."""


class Narrator:
    """Tells the story and counts what holds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._held = 0
        self.failed: list[str] = []

    @contextmanager
    def step(self, number: int, title: str) -> Iterator[None]:
        self._console.print(f"\n[bold]{number}  {escape(title)}[/bold]")
        began = time.perf_counter()
        try:
            yield
        except Exception as error:
            # Everything that goes wrong in a step is that step's failure; the story goes on to say what follows.
            self.failed.append(f"{number}: {error}")
            self._console.print(f"   [red]FAILED[/red] {escape(type(error).__name__)}: {escape(str(error))[:600]}")
        else:
            self._console.print(f"   [green]holds[/green]  {(time.perf_counter() - began) * 1000:,.0f} ms")

    def sent(self, what: str) -> None:
        self._console.print(f"   → {escape(what)}")

    def got(self, what: str) -> None:
        self._console.print(f"   ← {escape(what)}")

    def holds(self, promise: str, truth: object) -> None:
        """Say that `promise` holds.

        Raises:
            StepFailed: it does not.
        """
        if not truth:
            raise StepFailed(promise)
        self._held += 1
        self._console.print(f"   [green]✓[/green] {escape(promise)}")

    def end(self, seconds: float) -> bool:
        """The closing line; True if every step held."""
        if self.failed:
            faults = escape("; ".join(self.failed))
            self._console.print(f"\n[red bold]The journey broke[/red bold] in {len(self.failed)} step(s): {faults}")
            return False
        self._console.print(
            f"\n[green bold]The journey holds[/green bold]: 7 steps, {self._held} promises, {seconds:.1f} s."
        )
        return True
