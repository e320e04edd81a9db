"""What is derived from a value again and again, kept beside it.

A value never changes, so that what follows from it alone is reckoned once. What follows from other
things as well is reckoned once for the same ones.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, Final, TypeVar

T = TypeVar("T")

# How many results are kept of each kind: the latest ones.
_KEPT_MAX: Final = 4


class Derived:
    """The latest results of each kind. Threads share it: they are replaced, never changed."""

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[tuple[object, Sequence[object], Any], ...]] = {}

    def copied(self) -> "Derived":
        """The same results beside another value, of which some of them hold as well."""
        other = Derived()
        other._kinds = dict(self._kinds)
        return other

    def once(
        self, kind: str, derive: Callable[[], T], *, key: object = None, by: Sequence[object] = ()
    ) -> T:
        """What `derive` gives, or gave for an equal key by the very same objects.

        Shapes:  the objects are kept, so that no other takes the place of one in memory; of a kind,
                 there are always as many.
        """
        kept = self._kinds.get(kind, ())
        for known, objects, found in kept:
            if known == key and len(objects) == len(by) and all(map(is_, objects, by)):
                result: T = found
                return result
        result = derive()
        self._kinds[kind] = (*kept[1 - _KEPT_MAX :], (key, by, result))
        return result
