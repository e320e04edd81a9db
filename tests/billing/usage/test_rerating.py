"""Usage that comes after its month was billed: the difference goes on the payer's next invoice."""

import pytest

from billing_service.storage.charge_queries import InvoiceCharge
from billing_service.use_cases.explain_line import explain_line
from tests.billing.builders import Billing
from tests.billing.usage.guarded import MEGABYTES, Guarded
from tests.billing.usage.test_outdated import MARCH_AT, outdated


@pytest.fixture
def closed(billing: Billing) -> Guarded:
    """An account whose March is charged: 10 megabytes, for 5.00."""
    made = Guarded.on(billing, MEGABYTES)
    made.use("10", "transfer")
    billing.go_to("2026-04-02 12:00")
    return made


def amounts(guarded: Guarded) -> list[list[int]]:
    """What each line of each invoice comes to."""
    invoices = guarded.billing.invoices("acme")
    return [[line.amount_minor for line in each.lines] for each in invoices]


def of_march(guarded: Guarded) -> list[InvoiceCharge]:
    """All that was ever charged for March, in order."""
    found = [each for each in guarded.billing.charges() if each.month.month == 3]
    return sorted(found, key=lambda each: each.revision)


def test_late_usage_is_charged_on_the_next_invoice(closed: Guarded) -> None:
    """One megabyte of March that comes in April, for 0.50."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    assert amounts(closed) == [[500], [50, 0]]


def test_the_line_of_a_difference_says_what_it_corrects(closed: Guarded) -> None:
    """It is about March, though it is on the invoice of April."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    line = closed.billing.invoices("acme")[1].lines[0]
    assert line.description.endswith("API, megabytes, 2026-03, corrected")


def test_what_was_charged_is_reversed_and_charged_anew(closed: Guarded) -> None:
    """Nothing is changed: two more revisions are added."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    told = [(e.revision, e.reverses_revision, e.amount_minor) for e in of_march(closed)]
    assert told == [(1, None, 500), (2, 1, -500), (3, None, 550)]


def test_what_was_corrected_is_outdated_no_more(closed: Guarded) -> None:
    """The invoice that corrects it takes the mark off."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    assert set(outdated(closed)) == {None}


def test_what_was_corrected_is_corrected_once(closed: Guarded) -> None:
    """The close after it has nothing to add."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-06-02 12:00")
    assert amounts(closed) == [[500], [50, 0], [0]]


def test_a_second_correction_goes_by_the_first(closed: Guarded) -> None:
    """Late usage in April, and still later in May."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    closed.use("2", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-06-02 12:00")
    assert amounts(closed) == [[500], [50, 0], [100, 0]]


def test_a_difference_is_explained_with_what_was_billed_before(closed: Guarded) -> None:
    """The last step is the difference."""
    closed.use("1", "transfer", time_at=MARCH_AT)
    closed.billing.go_to("2026-05-02 12:00")
    invoice = closed.billing.invoices("acme")[1].invoice
    told = closed.billing.database.read(lambda tx: explain_line(tx, *invoice.key, 1, 0))
    currency = invoice.currency
    step = f"{currency} 5.00 was billed before: the difference is {currency} 0.50."
    assert told.explanation.steps[-1] == step
