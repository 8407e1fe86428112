"""What a newcomer sees when the service has started."""

from __future__ import annotations

from rich.console import Console

from api.settings import Settings


def print_banner(settings: Settings, *, first_start: bool) -> None:
    """Where to go, and whom to be."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"\n[bold]一证 Yizheng[/bold] serves on [bold]{settings.issuer}[/bold]   data in {settings.folder}")
    if settings.demo:
        _print_demo(console, settings.issuer)
    elif first_start:
        console.print("Started empty. Register portals with [bold]yizheng client register FILE[/bold].")
    console.print("Stop with Ctrl-C.\n")


def _print_demo(console: Console, issuer: str) -> None:
    from api.demo.city import PASSWORD, PEOPLE

    doors = (
        ("/", "front door"),
        ("/demo/portals/zwfw/", "a portal"),
        ("/me", "a citizen's licences"),
        ("/clerk", "clerk console"),
        ("/office", "a department's desk"),
        ("/admin/keys", "what runs out when"),
        ("/verify", "is a document genuine?"),
        ("/demo/phone", "codes that staff need to log in"),
    )
    for path, what in doors:
        console.print(f"  {issuer}{path:24} {what}")
    console.print(f"Demo people, all with the password [bold]{PASSWORD}[/bold]:")
    for person in PEOPLE:
        console.print(f"  {person.id_number}  {person.name}  {person.does.zh} ({person.does.en})")
