"""Certificate policies along a path (RFC 5280 §6.1, with the algorithm of RFC 9618, which cannot be made to explode).

Instead of a tree: for each policy that is valid so far, the policies of the anchor's domain that it stands for. That is
as much as RFC 9618's graph says about its top, and never larger than policies times policies.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography.x509.oid import ExtensionOID

from keys.trust.certificate import ANY_POLICY, Certificate

_MOST = 128


class PolicyFault(Exception):
    """The policies of the path do not allow it."""


@dataclass
class PolicyState:
    """The state variables of RFC 5280 §6.1.2 (a), (d), (e), (f).

    Attributes:
        explicit, mapping, any_policy: how many certificates further down may do without (explicit policy,
            inhibited mapping, inhibited anyPolicy).
    """

    explicit: int
    mapping: int
    any_policy: int
    valid: dict[str, frozenset[str]] = field(default_factory=lambda: {ANY_POLICY: frozenset({ANY_POLICY})})

    @classmethod
    def begin(
        cls, length: int, *, explicit: bool = False, inhibit_mapping: bool = False, inhibit_any: bool = False
    ) -> PolicyState:
        """§6.1.2, for a path of `length` certificates below the anchor."""
        return cls(
            explicit=0 if explicit else length + 1,
            mapping=0 if inhibit_mapping else length + 1,
            any_policy=0 if inhibit_any else length + 1,
        )

    def take(self, certificate: Certificate, *, last: bool) -> None:
        """§6.1.3 (d) to (f).

        Raises:
            PolicyFault: a policy is called for and none is left.
        """
        before, self.valid = self.valid, {}
        listed = certificate.policies or ()
        if len(listed) > _MOST:
            raise PolicyFault("too many policies")
        for policy in listed:
            if policy == ANY_POLICY:
                continue
            if policy in before:
                self.valid[policy] = before[policy]
            elif ANY_POLICY in before:
                self.valid[policy] = frozenset({policy})
        if ANY_POLICY in listed and (self.any_policy > 0 or (not last and certificate.self_issued)):
            self.valid = {**before, **self.valid}
        if self.explicit == 0 and not self.valid:
            raise PolicyFault("no policy holds for the whole path")

    def descend(self, certificate: Certificate) -> None:
        """§6.1.4 (a), (b), (h), (i), (j): what an authority says about those below.

        Raises:
            PolicyFault: a mapping from or to anyPolicy.
        """
        self._map(certificate)
        if not certificate.self_issued:
            self.explicit, self.mapping, self.any_policy = (
                max(counter - 1, 0) for counter in (self.explicit, self.mapping, self.any_policy)
            )
        constraints = certificate.extensions.get(ExtensionOID.POLICY_CONSTRAINTS.dotted_string)
        if constraints is not None:
            self.explicit = _lower(self.explicit, constraints.require_explicit_policy)
            self.mapping = _lower(self.mapping, constraints.inhibit_policy_mapping)
        inhibit = certificate.extensions.get(ExtensionOID.INHIBIT_ANY_POLICY.dotted_string)
        if inhibit is not None:
            self.any_policy = _lower(self.any_policy, inhibit.skip_certs)

    def finish(self, certificate: Certificate, wanted: frozenset[str] | None) -> frozenset[str]:
        """§6.1.5 (a), (b), (g): the policies, in the anchor's domain, under which the path is valid.

        Args:
            wanted: user-initial-policy-set; None for any policy.

        Raises:
            PolicyFault: a policy is called for and none of the wanted ones is left.
        """
        explicit = max(self.explicit - 1, 0)
        constraints = certificate.extensions.get(ExtensionOID.POLICY_CONSTRAINTS.dotted_string)
        if constraints is not None and constraints.require_explicit_policy == 0:
            explicit = 0
        origins = frozenset().union(*self.valid.values())
        left = origins if wanted is None else wanted if ANY_POLICY in origins else origins & wanted
        if explicit == 0 and not left:
            raise PolicyFault("none of the wanted policies holds for the whole path")
        return left

    def _map(self, certificate: Certificate) -> None:
        pairs = certificate.mappings
        if not pairs:
            return
        if len(pairs) > _MOST or any(ANY_POLICY in pair for pair in pairs):  # §6.1.4 (a)
            raise PolicyFault("a mapping of anyPolicy, or too many mappings")
        mapped = {issuer for issuer, _ in pairs}
        following = {policy: origins for policy, origins in self.valid.items() if policy not in mapped}
        if self.mapping > 0:
            for issuer, subject in pairs:
                origins = self.valid.get(issuer) or (frozenset({issuer}) if ANY_POLICY in self.valid else None)
                if origins:
                    following[subject] = following.get(subject, frozenset()) | origins
        self.valid = following


def _lower(counter: int, said: int | None) -> int:
    return counter if said is None else min(counter, said)
