"""axe-core in the page that is open: an independent judge of accessibility (WCAG 2.2 AA, GB/T 37668)."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.support.node import install_packages

_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice")
_RUN = """async (rules) => {
  const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return violations.flatMap((one) => one.nodes.map((node) =>
    `axe ${one.id} (${one.impact}): ${one.help}: ${node.html.slice(0, 120)}`));
}"""


@cache
def axe_source() -> str:
    """The script itself.

    Raises:
        tests.support.servers.BackendMissing: it cannot be installed.
    """
    return (install_packages() / "axe-core" / "axe.min.js").read_text()


def axe_faults(page: Page) -> list[str]:
    """What axe finds at the width and in the theme that the page has now.

    The script comes through the debugging protocol, so the page's own policy stays as strict as it is.
    """
    page.evaluate(axe_source() + "; undefined")
    return list(page.evaluate(_RUN, list(_RULES)))
