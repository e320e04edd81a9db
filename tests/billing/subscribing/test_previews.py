"""Previews of changes: what they tell is what the change then charges, or it is refused."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_service.api.invoice_messages import to_proto_preview
from billing_service.domain.change_errors import Outdated, PreviewOutdated, PreviewTokenInvalid
from billing_service.domain.invoice import IssuedInvoice
from billing_service.domain.previewed import GOOD_FOR_US
from billing_service.domain.price import AddOn, Licensed, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import Granularity, ProrationMode
from billing_service.domain.subscription_change import Asked, ProrationAsked
from billing_service.domain.subscription_facts import FactKind
from billing_service.use_cases.add_plan_version import ADD_PLAN_VERSION, AddPlanVersion
from billing_service.use_cases.change_subscription import (
    CANCEL_SUBSCRIPTION,
    CHANGE_SUBSCRIPTION,
    ChangeSubscription,
)
from billing_service.use_cases.preview_change import ChangePreview, preview_change
from tests.billing.builders import Billing, create_store
from tests.billing.subscribing.changing import change, change_of, when_of
from tests.billing.subscribing.live import Live, plan_of

_USD: Final = "USD"
_DAY_US: Final = 86_400_000_000
BASE: Final = Price("base", _USD, Recurring(), Flat(Decimal(62)))
SEATS: Final = Price("seats", _USD, Licensed("seat"), PerUnit(Decimal("14.99")))
EXTRA: Final = Price("extra", _USD, Recurring(), Flat(Decimal(31)), add_on=AddOn())
PRO: Final = plan_of(BASE, SEATS, EXTRA)
SMALL: Final = plan_of(Price("base", _USD, Recurring(), Flat(Decimal(31))), plan="small")
NOW: Final = ProrationMode.PRORATE_NOW


@pytest.fixture
def live(billing: Billing) -> Live:
    """An account on the small plan since 1 March; it is 2 March, 09:00."""
    return _live(billing)


def _live(billing: Billing) -> Live:
    found = Live.on(billing, PRO, SMALL)
    found.subscribe("small")
    return found


def preview(live: Live, command: ChangeSubscription) -> ChangePreview:
    """What a change would come to now."""
    now = live.billing.clock.now()
    return live.billing.database.read(lambda tx: preview_change(tx, command, now))


def confirm(live: Live, command: ChangeSubscription, previewed: ChangePreview) -> Any:
    """The change as it was previewed."""
    use_case = CANCEL_SUBSCRIPTION if command.asked.holding is None else CHANGE_SUBSCRIPTION
    return live.billing.do(use_case, replace(command, previewed=previewed.previewed))


def told(invoices: Sequence[IssuedInvoice]) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """What invoices say: currency, total and lines."""
    return [
        (
            each.invoice.currency,
            each.invoice.total_minor,
            [(line.description, line.amount_minor) for line in each.lines],
        )
        for each in invoices
    ]


def test_preview_writes_nothing(live: Live) -> None:
    """The subscription and its invoices are as they were."""
    before = live.subscription()
    preview(live, change_of("pro", mode=NOW))
    assert (live.subscription(), live.amounts()) == (before, [])


def test_preview_tells_what_is_due_now_and_what_follows(live: Live) -> None:
    """9 days of 31.00 and 22 of 62.00 now; nothing is left for the month."""
    live.billing.go_to("2026-03-10 12:00")
    found = preview(live, change_of("pro", {"seats": 0}, mode=NOW))
    due = sorted(line.amount_minor for each in found.due_now for line in each.lines)
    following = [line.amount_minor for each in found.following.invoices for line in each.lines]
    assert (due[-2:], [each for each in following if each]) == ([900, 4400], [])


def test_what_is_not_issued_has_neither_name_nor_number(live: Live) -> None:
    """Nobody knows which number it would get: others may take that before."""
    (issued,) = preview(live, change_of("pro", {"seats": 0}, mode=NOW)).due_now
    message = to_proto_preview(issued)
    assert (message.name, message.number, message.payment_reference) == ("", "", "")


def test_confirmed_later_it_takes_effect_as_previewed(live: Live) -> None:
    """Ten minutes later what is due is what was told, by the second."""
    command = change_of("pro", {"seats": 3}, mode=NOW, by=Granularity.SECOND)
    found = preview(live, command)
    live.billing.clock.advance_to(live.billing.clock.now() + GOOD_FOR_US - 1)
    done = confirm(live, command, found)
    assert told([issued for issued, _ in done.invoices]) == told(found.due_now)


def test_old_preview_is_refused(live: Live) -> None:
    """A quarter of an hour later it is too old."""
    command = change_of("pro", mode=NOW)
    found = preview(live, command)
    live.billing.clock.advance_to(live.billing.clock.now() + GOOD_FOR_US)
    with pytest.raises(PreviewTokenInvalid):
        confirm(live, command, found)


def test_changed_subscription_is_named(live: Live) -> None:
    """Somebody changed it meanwhile."""
    command = change_of("pro", mode=NOW)
    found = preview(live, command)
    change(live, "small", when="renewal")
    assert refused(live, command, found) is Outdated.SUBSCRIPTION


def test_changed_profile_is_named(live: Live) -> None:
    """The payer's profile is another one."""
    command = change_of("pro", mode=NOW)
    found = preview(live, command)
    live.billing.set_profile("acme", reference_text="Order 7")
    assert refused(live, command, found) is Outdated.PROFILE


def test_changed_catalogue_is_named(live: Live) -> None:
    """The plan got another version."""
    command = change_of("pro", mode=NOW)
    found = preview(live, command)
    (version,) = PRO.versions
    later_at = live.billing.clock.now() + 40 * _DAY_US
    later = replace(version, effective_at=later_at)
    live.billing.do(ADD_PLAN_VERSION, AddPlanVersion("pro", later))
    assert refused(live, command, found) is Outdated.CATALOGUE


def refused(live: Live, command: ChangeSubscription, found: ChangePreview) -> Outdated:
    """What a refusal of a previewed change names."""
    with pytest.raises(PreviewOutdated) as refusal:
        confirm(live, command, found)
    return Outdated(refusal.value.metadata["changed"])


# --- over random timelines ------------------------------------------------------------------------

_HELD: Final = st.fixed_dictionaries({"seats": st.integers(0, 9), "extra": st.integers(0, 1)})
_STEPS: Final = st.tuples(
    st.integers(0, 33 * 24 * 60),
    st.sampled_from(["pro", "pro", "small", "cancel"]),
    _HELD,
    st.sampled_from(list(ProrationMode)),
    st.sampled_from(list(Granularity)),
    st.sampled_from(["", "", "", "renewal"]),
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Billing]:
    """A store for all examples, each of which has an account of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('previews')}/billing.sqlite3"
    create_store(url)
    running = Billing.at(url)
    running.issuer()
    Live.on(running, PRO, SMALL)
    yield running
    running.close()


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, min_size=1, max_size=3))
def test_what_is_previewed_is_what_is_charged(shared: Billing, steps: list[Any]) -> None:
    """Over random timelines: each change charges at once what its preview said, line by line."""
    for due_now, charged in _played(shared, steps):
        assert charged == due_now


@pytest.mark.soak
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEPS, min_size=1, max_size=6))
def test_what_is_previewed_is_what_is_charged_at_length(shared: Billing, steps: list[Any]) -> None:
    """The same over many and longer timelines."""
    for due_now, charged in _played(shared, steps):
        assert charged == due_now


def _played(shared: Billing, steps: list[Any]) -> Iterator[tuple[Any, Any]]:
    """What each step was told to charge at once, and what it charged."""
    live = Live(shared)
    account = f"a{next(_ACCOUNTS)}"
    live.account(account)
    live.subscribe("small", account=account, begins="")
    for minutes, plan, held, mode, by, when in steps:
        shared.run_to(shared.clock.now() + minutes * 60_000_000)
        command = _step(account, plan, held, mode, by, when)
        found = preview(live, command)
        shared.clock.advance_to(shared.clock.now() + 60_000_000)
        done = confirm(live, command, found)
        yield told(found.due_now), told([issued for issued, _ in done.invoices])
        if plan == "cancel":
            return
    # Nothing is left to be billed while later examples let time pass.
    last = _step(account, "cancel", {}, NOW, Granularity.DAY, "")
    confirm(live, last, preview(live, last))


_ACCOUNTS: Final = itertools.count()


def _step(
    account: str,
    plan: str,
    held: dict[str, int],
    mode: ProrationMode,
    by: Granularity,
    when: str,
) -> ChangeSubscription:
    if plan == "cancel":
        kept = mode if mode.is_by_part else ProrationMode.NONE_UNTIL_RENEWAL
        asked = Asked(FactKind.CANCELLED, when_of(when), proration=ProrationAsked(kept, by))
        return ChangeSubscription(account, "main", asked)
    holding = held if plan == "pro" else {}
    return change_of(plan, holding, when=when, mode=mode, by=by, account=account)
