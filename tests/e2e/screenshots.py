"""Takes the pictures of the README: plays the story on a fresh instance and photographs it on the way.

.venv/bin/python -m tests.e2e.screenshots [FOLDER]
.venv/bin/python -m tests.e2e.screenshots --all FOLDER

With `--all` it takes every page in every state that a browser test judges, at a desktop's and a phone's width.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from api.demo import city
from api.journey.instance import Instance
from tests.support.messages import finish_in_browser
from tests.support.page_files import letter_pdf
from tests.support.servers import program

WIDTH, HEIGHT = 1280, 860
PHONE = {"width": 390, "height": 780}
REGISTER = """\
证号,姓名,身份证号,居住地址,登记日期,户籍,起始日,到期日
JZ-0001,韩一木,410199198001010017,示例市青石区甲路 1 号,2026-01-01,示例省,2026-01-01,2026-12-31
JZ-0002,韩二木,410199198001010025,示例市青石区甲路 2 号,2026-01-01,示例省,2026-01-01,2026-12-31
JZ-0003,韩三木,410199198001010034,示例市青石区甲路 3 号,2026-01-01,示例省,2026-01-01,2026-12-31
JZ-0004,韩四木,410199198001010041,,2026-01-01,示例省,2026-01-01,2026-12-31
JZ-0001,韩五木,41019919800101005X,示例市青石区甲路 5 号,2026-01-01,示例省,2026-01-01,2026-12-31
"""


class Photographer:
    """Opens windows on the instance and takes pictures of what they show."""

    def __init__(self, browser: Browser, base: str, folder: Path) -> None:
        self._browser = browser
        self._base = base
        self._folder = folder

    def window(self, path: str) -> Page:
        context = self._browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, locale="zh-CN", reduced_motion="reduce"
        )
        page = context.new_page()
        page.goto(self._base + path)
        return page

    def log_in(self, path: str, person: city.Person) -> Page:
        page = self.window(path)
        page.fill("#identifier", person.id_number)
        page.fill("#password", city.PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_load_state("networkidle")
        finish_in_browser(page, self._base, person.phone)
        return page

    def take(self, page: Page, name: str, *, below: str | None = None) -> None:
        """The top of the page, or what stands from an element on."""
        page.wait_for_load_state("networkidle")
        page.evaluate("scrollTo(0, 0)")
        if below is not None:
            page.locator(below).evaluate("(e) => scrollTo(0, e.getBoundingClientRect().top - 24)")
        picture = Image.open(io.BytesIO(page.screenshot()))
        picture.quantize(256, dither=Image.Dither.NONE).save(self._folder / f"{name}.png", optimize=True)


def look_after(camera: Photographer) -> None:
    """What the administrators see."""
    camera.take(camera.log_in("/admin/keys", city.HENG), "admin-keys")
    proposer, reviewer = camera.log_in("/admin/portals", city.HENG), camera.log_in("/admin/portals", city.SHEN)
    proposer.click("a:has-text('登记一个门户')")
    proposer.fill("#name_zh", "示例市图书馆")
    proposer.fill("#client_id", "library")
    proposer.fill("#redirect_uris", "https://library.example.test/callback")
    proposer.click("button[type=submit]")
    reviewer.reload()
    reviewer.click(".waiting-list a")
    reviewer.click("button:has-text('同意')")
    proposer.goto(proposer.url.split("/admin")[0] + "/admin/portals/library/change")
    proposer.fill("#redirect_uris", "https://library.example.test/callback\nhttps://reading.example.test/callback")
    proposer.check("input[name='scope-realname']")
    proposer.click("button[type=submit]")
    reviewer.reload()
    reviewer.click(".waiting-list a")
    camera.take(reviewer, "portal-review")


def keep_licences(camera: Photographer) -> None:
    """A department's work: the life of a licence, an old register tried before it is taken over; a phone that shows."""
    police = camera.log_in("/office", city.XU)
    police.click("main table a >> nth=0")
    police.wait_for_selector("svg.life")
    camera.take(police, "licence-life", below="section:has(svg.life) h2")
    police.goto(police.url.split("/office")[0] + "/office/imports")
    file = {"name": "居住证登记簿.csv", "mimeType": "text/csv", "buffer": REGISTER.encode("gb18030")}
    police.set_input_files("#file", file)
    police.click("button:has-text('传上来')")
    for target, column in (("data.since", "登记日期"), ("data.household", "户籍")):
        police.select_option(f"[id='to.{target}']", column)
    for target, column in (("valid_from", "起始日"), ("valid_until", "到期日")):
        police.select_option(f"[id='to.{target}']", column)
    police.click("button:has-text('试导入')")
    while "已完成" not in police.inner_text("main .tag"):
        police.reload()
    camera.take(police, "register", below="h2#k")
    citizen = camera.log_in("/me", city.LIN)
    citizen.set_viewport_size(PHONE)
    citizen.click("a.lic:has-text('居住证')")
    citizen.click("a.btn:has-text('亮证')")
    camera.take(citizen, "present")


def act_for_a_company(camera: Photographer) -> None:
    """A representative authorises an agent, who is asked for whom she acts."""
    gu = camera.log_in("/login?next=/me/organisations/represent", city.GU)
    gu.fill("#uscc", city.BUILDERS.code)
    gu.click("button:has-text('核对')")
    gu.click("a.btn:has-text('授权一位经办人')")
    gu.fill("#name", city.ZHAO.name)
    gu.fill("#number", city.ZHAO.id_number)
    gu.click("button.legal")
    zhao = camera.log_in("/login?next=/me/organisations", city.ZHAO)
    zhao.click("button:has-text('接受') >> nth=0")
    zhao.goto(zhao.url.split("/me/")[0] + "/me/account")
    camera.take(zhao, "account")
    zhao.goto(zhao.url.split("/me/")[0] + "/demo/portals/zwfw/login")
    camera.take(zhao, "acting")


def tell(camera: Photographer) -> None:
    """The story, in the order in which the pictures depend on one another."""
    login = camera.window("/demo/portals/housing/login")
    camera.take(login, "login")

    clerk = camera.log_in("/clerk", city.CHEN)
    clerk.fill("#id_number", city.LIN.id_number)
    clerk.fill("#case_number", "GZF-2026-1123-00418")
    clerk.fill("#basis", "《示例市公共租赁住房管理办法》第九条（演示）")
    clerk.click("text=开始核对")
    camera.take(clerk, "clerk")
    clerk.click("text=请申请人在线同意")

    citizen = camera.log_in("/me/consents", city.LIN)
    citizen.click("text=去决定")
    camera.take(citizen, "consent")
    citizen.click("button[value=all]")
    clerk.click("text=重新核对")
    with clerk.expect_download() as copy:
        clerk.click("text=取加注件 >> nth=0")
    citizen.goto(citizen.url.split("/consents/")[0] + "/me")
    camera.take(citizen, "me")

    office = camera.log_in("/office/seal", city.HE)
    office.set_input_files("#file", {"name": "会议通知.pdf", "mimeType": "application/pdf", "buffer": letter_pdf()})
    office.click("form.drop button")
    office.wait_for_selector("#grip")
    office.fill("#reason", "会议通知")
    office.fill("#x_mm", "158")
    office.fill("#y_mm", "163")  # on signature and date
    office.focus("#grip")
    office.set_viewport_size({"width": WIDTH, "height": 1140})
    camera.take(office, "seal")

    public = camera.window("/verify")
    content = copy.value.path().read_bytes()
    public.set_input_files("#file", {"name": "加注件.pdf", "mimeType": "application/pdf", "buffer": content})
    public.click("form.drop button")
    public.wait_for_selector("img.leaf")
    camera.take(public, "verify")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    instance = Instance()
    try:
        instance.command("migrate", "--demo")
        instance.start()
        chromium = program("chromium", "chromium", "chromium-browser", "google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            camera = Photographer(browser, instance.issuer, folder)
            tell(camera)
            keep_licences(camera)
            look_after(camera)
            act_for_a_company(camera)
            browser.close()
    finally:
        instance.stop()


def all_pages(folder: Path) -> int:
    """The browser tests themselves are the tour, so that no page that they reach is left out."""
    tour = [sys.executable, "-m", "pytest", "tests/e2e", "-m", "browser", "-p", "no:xdist", "--shots", str(folder)]
    return subprocess.run(tour, cwd=Path(__file__).parents[2]).returncode


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path, nargs="?", default=Path("docs/pictures"))
    asked.add_argument("--all", action="store_true", help="every page, at 1280 and at 390 pixels")
    chosen = asked.parse_args()
    if chosen.all:
        sys.exit(all_pages(chosen.folder))
    main(chosen.folder)
