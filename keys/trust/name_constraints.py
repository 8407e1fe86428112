"""Name constraints along a path (RFC 5280 §4.2.1.10, §6.1.3 (b) and (c), §6.1.4 (g))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from keys.trust.certificate import Certificate
from keys.trust.names import is_below, name_key

_Form = type[x509.GeneralName]
_Subtrees = Mapping[_Form, tuple[Any, ...]]
_MOST_COMPARISONS = 1024


@dataclass(frozen=True, slots=True)
class NameSpace:
    """What names certificates further down may have.

    Attributes:
        permitted: sets of subtrees, one for each authority that has set any; a name must lie in one of each.
        excluded: subtrees, in none of which a name may lie.
    """

    permitted: tuple[_Subtrees, ...] = ()
    excluded: tuple[_Subtrees, ...] = field(default=())

    def narrowed(self, certificate: Certificate) -> NameSpace:
        """With what one more authority says (§6.1.4 (g))."""
        value = certificate.extensions.get(ExtensionOID.NAME_CONSTRAINTS.dotted_string)
        if value is None:
            return self
        return NameSpace(
            (*self.permitted, _by_form(value.permitted_subtrees)) if value.permitted_subtrees else self.permitted,
            (*self.excluded, _by_form(value.excluded_subtrees)) if value.excluded_subtrees else self.excluded,
        )

    def admits(self, certificate: Certificate) -> bool:
        """Whether every name of the certificate is within (§6.1.3 (b), (c)); a name of a form that is constrained and
        that we cannot compare is not (§4.2.1.10)."""
        if not self.permitted and not self.excluded:
            return True
        names = _names(certificate)
        trees = sum(len(values) for group in (*self.permitted, *self.excluded) for values in group.values())
        if len(names) * trees > _MOST_COMPARISONS:
            return False
        try:
            return all(self._admits(form, value) for form, value in names)
        except ValueError:
            return False

    def _admits(self, form: _Form, value: Any) -> bool:
        for group in self.permitted:
            if form in group and not any(_within(form, value, tree) for tree in group[form]):
                return False
        return not any(_within(form, value, tree) for group in self.excluded for tree in group.get(form, ()))


def _by_form(trees: list[x509.GeneralName]) -> _Subtrees:
    found: dict[_Form, tuple[Any, ...]] = {}
    for tree in trees:
        found[type(tree)] = (*found.get(type(tree), ()), _comparable(tree))
    return found


def _comparable(name: x509.GeneralName) -> Any:
    return name_key(name.value) if isinstance(name, x509.DirectoryName) else name.value


def _names(certificate: Certificate) -> list[tuple[_Form, Any]]:
    """The subject, if it is not empty, and the alternative names."""
    found: list[tuple[_Form, Any]] = [(x509.DirectoryName, certificate.subject)] if certificate.subject else []
    alternatives = certificate.extensions.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME.dotted_string, ())
    found += [(type(one), _comparable(one)) for one in alternatives]
    if not any(form is x509.RFC822Name for form, _ in found):  # the old place of addresses counts when there is no new
        mails = certificate.parsed.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
        found += [(x509.RFC822Name, one.value) for one in mails]
    return found


def _within(form: _Form, value: Any, tree: Any) -> bool:
    """
    Raises:
        ValueError: a form that we cannot compare.
    """
    compare = _COMPARISONS.get(form)
    if compare is None:
        raise ValueError("a form of names that cannot be compared")
    return compare(value, tree)


def _dns(value: str, tree: str) -> bool:
    value, tree = value.lower().rstrip("."), tree.lower().rstrip(".")
    if tree.startswith("."):
        return value.endswith(tree)
    return not tree or value == tree or value.endswith(f".{tree}")


def _mail(value: str, tree: str) -> bool:
    mailbox, at, host = value.rpartition("@")
    if not at or not mailbox or not host:
        raise ValueError("not an address")
    if "@" in tree:
        tree_mailbox, _, tree_host = tree.rpartition("@")
        return mailbox == tree_mailbox and host.lower() == tree_host.lower()
    return _host(host, tree)


def _host(value: str, tree: str) -> bool:
    """A host is itself; with a leading dot, every host below (and not the name itself)."""
    value, tree = value.lower(), tree.lower()
    return value.endswith(tree) if tree.startswith(".") else value == tree


def _uri(value: str, tree: str) -> bool:
    host = urlsplit(value).hostname
    if not host or ":" in host or host.replace(".", "").isdigit():  # §4.2.1.10: a host by name, or refuse
        raise ValueError("an address without the name of a host")
    return _host(host, tree)


def _ip(value: Any, tree: Any) -> bool:
    return value.version == tree.version and value in tree


_COMPARISONS: Mapping[_Form, Callable[[Any, Any], bool]] = {
    x509.DirectoryName: is_below,
    x509.DNSName: _dns,
    x509.RFC822Name: _mail,
    x509.UniformResourceIdentifier: _uri,
    x509.IPAddress: _ip,
}
