"""Consumption held for review, live: each threshold, each decision, before and after the close."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from pospago.billing.v1 import invoice_pb2, review_pb2

from tests.suite.shield import Shield, nok, parts, shielded

CHARGED: Final = review_pb2.Review.DECISION_CHARGE
REDUCED: Final = review_pb2.Review.DECISION_REDUCE
WAIVED: Final = review_pb2.Review.DECISION_WAIVE
# Requests and megabytes of each client in January, and the reviews that they open, with amounts.
CLIENTS: Final[dict[str, tuple[int, str, dict[str, str]]]] = {
    "under": (499_999, "29999", {}),
    "at": (500_000, "30000", {}),
    "request-over": (500_001, "30000", {"requests": "0.02"}),
    "megabyte-over": (500_000, "30001", {"transfer": "0.02"}),
    "requests": (600_000, "30000", {"requests": "1700.00"}),
    "transfer": (500_000, "31000", {"transfer": "17.00"}),
    "in-time": (600_000, "31000", {"requests": "1700.00", "transfer": "17.00"}),
    "reduced": (600_000, "0", {"requests": "1700.00"}),
    "late": (600_000, "31000", {"requests": "1700.00", "transfer": "17.00"}),
    "waived": (600_000, "31000", {"requests": "1700.00", "transfer": "17.00"}),
}
# This client is billed to its agency, the others to themselves.
AGENCY: Final = "agency"
OF_AGENCY: Final = "late"
SOAK_SECONDS_MAX: Final = 900


@dataclass(slots=True)
class Played:
    """What was seen of the clients while January to March went by."""

    opened: dict[str, dict[str, str]]
    january: dict[str, list[str]]
    february: dict[str, list[invoice_pb2.InvoiceLine]]
    charges: list[invoice_pb2.InvoiceCharge]
    reviews: dict[str, dict[str, review_pb2.Review]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """January is used and partly decided, closed, the rest of it decided, and February closed."""
    with shielded(tmp_path_factory.mktemp("shield"), sums=True) as shield:
        return play(shield)


def play(shield: Shield) -> Played:
    """Let the clients use the API in January, and decide in January and in February."""
    shield.account(AGENCY)
    for name, (requests, megabytes, _) in CLIENTS.items():
        shield.client(name, payer=AGENCY if name == OF_AGENCY else "")
        shield.requests(name, requests)
        shield.megabytes(name, megabytes)
    opened = {
        name: {price: nok(each.full_amount) for price, each in shield.reviews(name).items()}
        for name in CLIENTS
    }
    shield.decide("in-time", "requests", CHARGED)
    shield.decide("in-time", "transfer", WAIVED)
    shield.decide("reduced", "requests", REDUCED, units=500)
    shield.move_to(datetime(2026, 2, 2, 12, tzinfo=UTC))
    payers = [AGENCY if name == OF_AGENCY else name for name in CLIENTS]
    january = {payer: parts(shield.lines(payer, 1, used_in=1)) for payer in payers}
    shield.decide("late", "requests", CHARGED)
    shield.decide("late", "transfer", REDUCED, units=10)
    shield.decide("waived", "requests", WAIVED)
    shield.move_to(datetime(2026, 3, 2, 12, tzinfo=UTC))
    return Played(
        opened=opened,
        january=january,
        february={payer: shield.lines(payer, 2, used_in=1) for payer in payers},
        charges=shield.charges("waived", 2),
        reviews={name: shield.reviews(name) for name in CLIENTS},
    )


@pytest.mark.parametrize("client", list(CLIENTS))
def test_reviews_are_opened_by_what_crosses_a_threshold(played: Played, client: str) -> None:
    """Up to 500,000 requests and 30,000 MB nothing is reviewed; beyond, each by its own amount."""
    assert played.opened[client] == CLIENTS[client][2]


@pytest.mark.parametrize(
    ("payer", "lines"),
    [
        ("under", ["requests included 0.00", "transfer included 0.00"]),
        ("at", ["requests included 0.00", "transfer included 0.00"]),
        ("request-over", ["transfer included 0.00"]),
        ("megabyte-over", ["requests included 0.00"]),
        ("requests", ["transfer included 0.00"]),
        ("transfer", ["requests included 0.00"]),
        (AGENCY, []),
        ("waived", []),
    ],
)
def test_what_is_held_is_off_the_invoice(played: Played, payer: str, lines: list[str]) -> None:
    """January's invoice has what crossed no threshold, at 0, and nothing of what waits."""
    assert played.january[payer] == lines


def test_what_was_decided_in_time_is_on_its_own_invoice(played: Played) -> None:
    """1,700.00 charged in full beside 17.00 that are waived."""
    assert played.january["in-time"] == [
        "requests included 0.00",
        "requests excess 1700.00",
        "transfer included 0.00",
        "transfer excess 0.00",
    ]


def test_what_was_reduced_is_charged_so(played: Played) -> None:
    """500.00 instead of 1,700.00."""
    assert "requests excess 500.00" in played.january["reduced"]


def test_what_was_decided_late_is_on_the_next_invoice(played: Played) -> None:
    """On the agency's of February: 1,700.00 in full, and 10.00 instead of 17.00."""
    assert parts(played.february[AGENCY]) == [
        "requests included 0.00",
        "requests excess 1700.00",
        "transfer included 0.00",
        "transfer excess 10.00",
    ]


def test_a_late_line_names_month_and_client(played: Played) -> None:
    """Whoever pays reads whose consumption it was, and when."""
    said = [each.description for each in played.february[AGENCY]]
    assert all("2026-01" in each and "Client late" in each for each in said), said


def test_a_waived_line_stays_at_nothing(played: Played) -> None:
    """A line of 0.00, and behind it a charge of 0.00 that its review decided."""
    (charge,) = (
        each
        for each in played.charges
        if each.price == "requests" and each.period_start_date.month == 1
    )
    review = played.reviews["waived"]["requests"].name
    assert (parts(played.february["waived"])[-1], nok(charge.amount), charge.review) == (
        "requests excess 0.00",
        "0.00",
        review,
    )


def test_what_nobody_decided_waits_on(played: Played) -> None:
    """Two months later it is charged nowhere, and its review is open."""
    assert played.reviews["waived"]["transfer"].state == review_pb2.Review.STATE_OPEN


def test_a_charged_review_keeps_what_was_rated(played: Played) -> None:
    """Its quantity and full amount, and the invoice that charges it."""
    review = played.reviews["late"]["transfer"]
    said = (review.quantity.value, nok(review.full_amount), review.invoice.split("/")[1])
    assert said == ("31000", "17.00", AGENCY)


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS_MAX)
def test_six_hundred_thousand_requests_are_counted_one_by_one(tmp_path: Path) -> None:
    """By the catalogue as it stands: the 500,000th opens nothing, 600,000 cost 1,700.00."""
    with shielded(tmp_path, sums=False) as shield:
        shield.client("counted")
        shield.requests("counted", 500_000)
        before = dict(shield.reviews("counted"))
        shield.requests("counted", 100_000)
        review = shield.reviews("counted")["requests"]
        found = (before, review.quantity.value, nok(review.full_amount))
    assert found == ({}, "600000", "1700.00")
