"""Who plays: four integrators, each with its own way of paying."""

from typing import Final

AURORA: Final = "aurora"  # pays in time, and takes its prepaid instances along
BRISA: Final = "brisa"  # does not pay
CEDRO: Final = "cedro"  # pays late, on day 12
DUNA: Final = "duna"  # climbs the whole ladder of tokens in a day

NAMES: Final = {
    AURORA: "Aurora Sistemas",
    BRISA: "Brisa Digital",
    CEDRO: "Cedro Software",
    DUNA: "Duna Tecnologia",
}
ALL: Final = tuple(NAMES)


def prepaid(first: int, last: int) -> list[str]:
    """The ids of prepaid instances, from one number to another."""
    return [f"prepaid-{number:02}" for number in range(first, last + 1)]


def numbered(first: int, last: int) -> list[str]:
    """The ids of Duna's instances, from one creation to another."""
    return [f"duna-{number:03}" for number in range(first, last + 1)]
