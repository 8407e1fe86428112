"""RSA keys that verify well enough and are not certified all the same.

Small exponents forgive no mistake in padding (FIPS 186-5 §A.1.1 asks for more than 2^16). And smart cards of one maker
made millions of keys whose primes can be predicted (CVE-2017-15361, "ROCA"): such a prime is k·M + (65537^a mod M) for
a product M of small primes, so modulo each of these small primes the RSA modulus is a power of 65537; for other keys
that happens by chance once in 2^27 or less.
"""

from __future__ import annotations

import functools

from keys.primitives import base64url

_LEAST_EXPONENT = _GENERATOR = 65537
_SMALL_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
"""Those of the first 39 primes in whose groups 65537 does not reach everything."""


def has_small_exponent(exponent: str) -> bool:
    """Whether an RSA exponent, as its JWK member `e`, is below 2^16 + 1."""
    return int.from_bytes(base64url.decode(exponent), "big") < _LEAST_EXPONENT


def has_weak_primes(modulus: str) -> bool:
    """Whether an RSA modulus, as its JWK member `n`, bears the mark of predictable primes."""
    number = int.from_bytes(base64url.decode(modulus), "big")
    return all(number % prime in powers for prime, powers in _powers())


@functools.cache
def _powers() -> tuple[tuple[int, frozenset[int]], ...]:
    return tuple(
        (prime, frozenset(pow(_GENERATOR, exponent, prime) for exponent in range(prime - 1))) for prime in _SMALL_PRIMES
    )
