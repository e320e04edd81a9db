"""When warnings fall, and the terms that say so: the rules, the contract and both stores."""

import pytest
from pospago.billing.v1 import events_pb2 as pb
from pospago.billing.v1 import terms_pb2

from billing_service.api.terms import from_proto_version, to_proto_terms
from billing_service.domain.dunning import (
    DunningDates,
    StopAndDeletion,
    WarningsAhead,
    reminder_at,
    stop_and_deletion,
    warnings_ahead,
)
from billing_service.domain.terms import first_terms
from billing_service.storage.queries import find_terms
from tests.billing.builders import Billing, at, day, terms_of

WARNINGS = (pb.InvoiceDueSoon, pb.AccountStopAhead, pb.AccountDeletionAhead)
FOLLOWS = (pb.AccountStopped, pb.AccountDeletionOrdered)
DATES = DunningDates(day("2026-04-01"), day("2026-04-05"), day("2026-04-10"), day("2026-04-15"), 12)


# --- the rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "zone", "expected"),
    [
        (0, "America/Sao_Paulo", None),
        (1, "America/Sao_Paulo", at("2026-04-04")),
        (3, "America/Sao_Paulo", at("2026-04-02")),
        (28, "America/Sao_Paulo", at("2026-03-08")),
        (3, "Pacific/Auckland", at("2026-04-02", "Pacific/Auckland")),
    ],
)
def test_reminder_is_midnight_of_the_payers_zone(
    days: int, zone: str, expected: int | None
) -> None:
    """So many days before the due date, at its first instant; none for 0."""
    assert reminder_at(DATES, terms_of(due_reminder_days=days), zone) == expected


@pytest.mark.parametrize(
    ("stop_days", "deletion_days", "expected"),
    [
        (2, 2, WarningsAhead(at("2026-04-09"), at("2026-04-13 12:00"))),
        (1, 28, WarningsAhead(at("2026-04-10"), at("2026-03-18 12:00"))),
        (0, 2, WarningsAhead(None, at("2026-04-13 12:00"))),
        (2, 0, WarningsAhead(at("2026-04-09"), None)),
    ],
)
def test_warnings_keep_the_hour(
    stop_days: int, deletion_days: int, expected: WarningsAhead
) -> None:
    """Stop and deletion are warned of so many civil days before, at the same hour."""
    terms = terms_of(stop_warning_days=stop_days, deletion_warning_days=deletion_days)
    zone = "America/Sao_Paulo"
    planned = stop_and_deletion(DATES, zone)
    assert warnings_ahead(DATES, planned, terms, zone) == expected


def test_warnings_keep_the_hour_over_a_change_of_clocks() -> None:
    """Two days are two dates, though one of them had 23 hours."""
    zone = "Europe/Lisbon"
    planned = StopAndDeletion(at("2026-03-30", zone), at("2026-03-30 12:00", zone))
    assert warnings_ahead(DATES, planned, terms_of(), zone) == WarningsAhead(
        at("2026-03-28", zone), at("2026-03-28 12:00", zone)
    )


# --- the terms ----------------------------------------------------------------------------------


def test_terms_can_switch_warnings_off(billing: Billing) -> None:
    """Under terms of 0 days nobody is warned, and what follows comes all the same."""
    billing.account()
    billing.set_terms(due_reminder_days=0, stop_warning_days=0, deletion_warning_days=0)
    billing.subscribe("a")
    billing.go_to("2026-04-20")
    assert (billing.told(*WARNINGS), len(billing.told(*FOLLOWS))) == ([], 2)


def test_terms_state_the_days(billing: Billing) -> None:
    """An account is warned as many days before as its terms say."""
    billing.account()
    billing.set_terms(due_reminder_days=1, stop_warning_days=5, deletion_warning_days=3)
    billing.subscribe("a")
    billing.go_to("2026-04-20")
    assert [instant for instant, _ in billing.told(*WARNINGS)] == [
        at("2026-04-04"),
        at("2026-04-06"),
        at("2026-04-12 12:00"),
    ]


def test_terms_are_kept_with_their_days(billing: Billing) -> None:
    """The store gives the days of warnings back as they were stated."""
    billing.account()
    billing.set_terms(due_reminder_days=7, stop_warning_days=0, deletion_warning_days=28)
    kept = billing.database.read(lambda tx: find_terms(tx, "of-acme"))
    assert kept == first_terms(
        "of-acme",
        terms_of(due_reminder_days=7, stop_warning_days=0, deletion_warning_days=28),
    )


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, (3, 2, 2)),
        (
            {"due_reminder_days": 0, "stop_warning_days": 0, "deletion_warning_days": 0},
            (0, 0, 0),
        ),
        (
            {"due_reminder_days": 28, "stop_warning_days": 1, "deletion_warning_days": 9},
            (28, 1, 9),
        ),
    ],
)
def test_unset_days_are_the_defaults(
    stated: dict[str, int], expected: tuple[int, int, int]
) -> None:
    """What the contract's message leaves unset is the default, a stated 0 is not; both are told."""
    message = terms_pb2.TermsVersion(
        due_day=5,
        last_service_day=10,
        deletion_day=15,
        deletion_hour=12,
        time_zone="America/Sao_Paulo",
        currency="BRL",
        **stated,  # type: ignore[arg-type]
    )
    terms = first_terms("t", from_proto_version(message))
    (shown,) = to_proto_terms(terms).versions
    days = (shown.due_reminder_days, shown.stop_warning_days, shown.deletion_warning_days)
    assert days == expected
