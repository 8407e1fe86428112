"""What every page must keep in a real browser: no sideways scroll, names for everything, contrast, sizes of targets.

Our own checks say what the design asks for; axe, at one width, is the second opinion.
"""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.axe import axe_faults
from tests.support.page_shots import CAMERA

WIDTHS = (320, 390, 768, 1280)

_AUDIT = """() => {
  const faults = [];
  const shown = (e) => e.checkVisibility() && !e.closest(".sprite, .vh, [hidden]");
  const named = (e) => (e.labels && e.labels.length) || e.getAttribute("aria-label") ||
    e.getAttribute("aria-labelledby") || e.textContent.trim() || e.querySelector("img[alt]:not([alt=''])");
  if (document.querySelectorAll("h1").length !== 1) faults.push("h1 count");
  if (document.querySelectorAll("main").length !== 1) faults.push("main count");
  if (!["zh-CN", "en"].includes(document.documentElement.lang)) faults.push("lang");
  for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary"))
    if (shown(e) && !named(e)) faults.push("no name: " + e.outerHTML.slice(0, 90));
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) faults.push("no alt: " + e.src);
  for (const e of document.images) if (e.complete && !e.naturalWidth) faults.push("broken picture: " + e.src);
  for (const e of document.querySelectorAll("a.btn, button, input:not([type=hidden]), select, summary")) {
    const box = e.getBoundingClientRect();
    const inLabel = e.closest("label");
    if (shown(e) && !inLabel && box.width && (box.height < 24 || box.width < 24))
      faults.push("small target: " + e.outerHTML.slice(0, 90));
  }
  const light = (c) => c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const luminance = (c) => { const [r, g, b] = light(c); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const numbers = (s) => {
    const found = (s.match(/[\\d.]+/g) || []).map(Number);
    return s.startsWith("color(") ? found.map((v, i) => (i < 3 ? v * 255 : v)) : found;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at), c = numbers(style.backgroundColor);
      if (style.backgroundImage !== "none") return null;
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
      if (c[3] > 0) return null;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || !shown(e) || e.closest("[aria-hidden=true], svg, :disabled")) continue;
    const style = getComputedStyle(e), back = ground(e), front = numbers(style.color);
    if (!back || front.length > 3) continue;
    const [a, b] = [luminance(front), luminance(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${node.data.trim().slice(0, 30)}`);
  }
  return faults;
}"""
_WIDER = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return null;
  const guilty = [...document.querySelectorAll("body *")].find((e) => e.getBoundingClientRect().right > innerWidth + 1);
  return `${wide} px at ${innerWidth} px: ${guilty ? guilty.outerHTML.slice(0, 120) : "?"}`;
}"""


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page that is open, at every width and in both themes; the window's size is put back."""
    page.wait_for_load_state("load")  # a click ends when the new page begins: there may be no element yet to judge
    before = page.viewport_size
    found: list[str] = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{page.url} {theme}: {fault}" for fault in page.evaluate(_AUDIT)]
    page.emulate_media(color_scheme="light")
    found += [f"{page.url}: {fault}" for fault in axe_faults(page)]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if wider := page.evaluate(_WIDER):
            found.append(f"{page.url}: {wider}")
    CAMERA.take(page)
    if before:
        page.set_viewport_size(before)
    return found
