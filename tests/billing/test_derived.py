"""What is derived from a value is derived once, for the same other things."""

from collections.abc import Callable

from billing_service.domain.derived import Derived


def counting(found: list[int]) -> Callable[[], int]:
    """Something to derive that tells how often it was."""

    def derive() -> int:
        found.append(len(found))
        return found[-1]

    return derive


def test_same_objects_derive_once() -> None:
    """By the very same objects and an equal key, it is derived once."""
    derived, plan, times = Derived(), object(), list[int]()
    found = [derived.once("prices", counting(times), key=(1, "a"), by=[plan]) for _ in range(3)]
    assert (found, times) == ([0, 0, 0], [0])


def test_equal_objects_are_others() -> None:
    """Equal objects are not compared: by another one, it is derived anew."""
    derived, times = Derived(), list[int]()
    found = [derived.once("prices", counting(times), by=[[1]]) for _ in range(2)]
    assert found == [0, 1]


def test_another_key_derives_anew() -> None:
    """For another key, too; what was derived before is still kept."""
    derived, times = Derived(), list[int]()
    found = [derived.once("prices", counting(times), key=key) for key in (1, 2, 1)]
    assert found == [0, 1, 0]


def test_kinds_are_apart() -> None:
    """What is derived of one kind is not told for another."""
    derived, times = Derived(), list[int]()
    found = [derived.once(kind, counting(times)) for kind in ("prices", "phases", "prices")]
    assert found == [0, 1, 0]


def test_only_the_latest_are_kept() -> None:
    """The fifth takes the place of the first, which is derived anew."""
    derived, times = Derived(), list[int]()
    found = [derived.once("prices", counting(times), key=key) for key in (1, 2, 3, 4, 5, 1)]
    assert found == [0, 1, 2, 3, 4, 5]
