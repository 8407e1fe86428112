"""The citizen's account pages as one area: its sections, in the order in which they are shown, registered here.

A page of the area extends `account_base.html` and puts what it shows into the block `account`; a part that brings
pages of its own adds its section to the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.text import Text

HOME = "/me/account"


@dataclass(frozen=True, slots=True)
class Section:
    """One entry of the area's navigation.

    Attributes:
        tells: what the person finds there, in one short sentence.
        also: addresses of pages that belong to it and are not below its own.
    """

    href: str
    icon: str
    label: Text
    tells: Text
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Sections that answer one kind of question."""

    label: Text
    sections: tuple[Section, ...]


OVERVIEW = Section(
    HOME,
    "user",
    Text("我的账号", "My account"),
    Text("您是谁，核实到哪一级，有什么要留意。", "Who you are, how far it is proved, what needs your attention."),
)
GROUPS: tuple[Group, ...] = (
    Group(
        Text("我", "Me"),
        (
            Section(
                "/me/details",
                "card",
                Text("个人资料", "Personal details"),
                Text("邮箱和联系地址。", "E-mail and postal address."),
            ),
            Section(
                "/prove",
                "shield",
                Text("实名核验", "Proof of identity"),
                Text("核实到哪一级，凭什么，怎么升级。", "How far you are proved, by what, and how to go on."),
            ),
            Section(
                "/me/organisations",
                "org",
                Text("我的单位和授权", "My organisations"),
                Text("代表谁办事，谁代表您的单位。", "For whom you act, and who acts for yours."),
            ),
            Section(
                "/me/entrustments",
                "user",
                Text("我的委托", "My entrustments"),
                Text("请谁替您决定，谁请了您。", "Who decides for you, and for whom you do."),
            ),
        ),
    ),
    Group(
        Text("登录", "Logging in"),
        (
            Section(
                "/me/security",
                "lock",
                Text("登录与安全", "Log-in and security"),
                Text("密码、验证器、通行密钥、恢复码。", "Password, authenticator, passkeys, recovery codes."),
                also=("/me/identities",),
            ),
            Section(
                "/me/sign-ins",
                "phone",
                Text("登录与设备", "Log-ins and devices"),
                Text("在哪里登录着，可以马上结束。", "Where you are logged in; end any of it at once."),
            ),
            Section(
                "/me/log-ins",
                "clock",
                Text("登录记录", "Log-in history"),
                Text(
                    "什么时候、在哪里登录过，哪几次没有成功。",
                    "When and where you logged in, and which tries failed.",
                ),
            ),
        ),
    ),
    Group(
        Text("我的数据", "My data"),
        (
            Section(
                "/me/portals",
                "link",
                Text("哪些网站认得我", "Sites that know me"),
                Text("您同意告诉谁什么，随时撤回。", "What you agreed to tell whom; withdraw any time."),
            ),
            Section(
                "/me/accesses",
                "eye",
                Text("谁看过我的数据", "Who looked at my data"),
                Text("证照和身份信息，每一次都在。", "Licences and identity: every single look."),
            ),
            Section(
                "/me/data-copy",
                "down",
                Text("下载我的数据", "Download my data"),
                Text("保存着的全部，一份带走。", "Everything that is kept, to take with you."),
            ),
            Section(
                "/me/close",
                "x",
                Text("注销账号", "Close my account"),
                Text("删掉个人资料，七天内可以收回。", "Erases your personal data; can be taken back for seven days."),
            ),
        ),
    ),
)
SECTIONS: tuple[Section, ...] = (OVERVIEW, *(one for group in GROUPS for one in group.sections))


def section_at(path: str) -> Section | None:
    """The section that a page belongs to."""
    return next((one for one in SECTIONS for base in (one.href, *one.also) if f"{path}/".startswith(f"{base}/")), None)
