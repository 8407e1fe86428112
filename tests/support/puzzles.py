"""Solves puzzles as the script on the page does."""

from __future__ import annotations

import itertools

import httpx

from idp.abuse.puzzle import fits


def solve(name: str, bits: int) -> str:
    return next(str(number) for number in itertools.count() if fits(name, str(number), bits))


def solution(answer: httpx.Response) -> dict[str, str]:
    """The fields that the form of a refused try sends along with the next one; empty where it has no puzzle."""
    told = answer.headers.get("x-puzzle")
    if told is None:
        return {}
    token, name, bits = told.split(" ")
    return {"puzzle": token, "puzzle_number": solve(name, int(bits))}
