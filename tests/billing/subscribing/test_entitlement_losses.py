"""What previews say that a change takes away."""

from decimal import Decimal
from typing import Final

import pytest
from pospago.billing.v1 import subscription_pb2 as pb

from billing_service.api.change_requests import to_proto_change_preview
from billing_service.api.preview_tokens import PreviewTokens
from billing_service.domain.entitlement_losses import lost
from billing_service.domain.entitlements import Entitlements, LimitInForce
from billing_service.domain.price import AddOn, Fixed, Licensed, Limit, Price, Recurring
from billing_service.domain.price_models import Flat, PerUnit
from billing_service.domain.proration import ProrationMode
from billing_service.domain.subscription_change import Asked
from billing_service.domain.subscription_facts import FactKind
from billing_service.use_cases.change_subscription import ChangeSubscription
from billing_service.use_cases.preview_change import ChangePreview, preview_change
from tests.billing.builders import Billing, at
from tests.billing.subscribing.changing import change, change_of, when_of
from tests.billing.subscribing.live import Live, plan_of

BASE: Final = Price("base", "USD", Recurring(), Flat(Decimal(31)))
BACKUP: Final = Price("backup", "USD", Recurring(), Flat(Decimal(5)), add_on=AddOn())
DEVICE: Final = Price("device", "USD", Licensed("device"), PerUnit(Decimal(1)))
PRO: Final = plan_of(
    BASE,
    BACKUP,
    DEVICE,
    limits=(
        Limit("devices", "", Fixed(Decimal(2)), "", "device"),
        Limit("scanners", "", Fixed(Decimal(1)), "", ""),
    ),
)
SMALL: Final = plan_of(
    BASE, BACKUP, plan="small", limits=(Limit("devices", "", Fixed(Decimal(3)), "", ""),)
)
NEXT_RENEWAL_AT: Final = at("2026-04-01 00:00")


def given(*features: str, **limits: str | None) -> Entitlements:
    """Add-ons, and limits by code; None: without limit."""
    found = (
        LimitInForce(code, None if size is None else Decimal(size)) for code, size in limits.items()
    )
    return Entitlements(tuple(found), features)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (given(devices="2"), given(devices="2"), []),
        (given(devices="2"), given(devices="2.5"), []),
        (given(devices="2"), given(devices=None), []),
        (given(devices="2"), given(devices="1.5"), [("devices", "2", "1.5")]),
        (given(devices="2"), given(), [("devices", "2", "0")]),
        (given(devices=None), given(devices="9"), [("devices", None, "9")]),
        (given(devices=None), given(), [("devices", None, "0")]),
        (given(devices="0"), given(), []),
        (given("backup"), given("backup"), []),
        (given("backup"), given(), [("backup", None, "0")]),
        (given("backup"), given(backup="3"), []),
        (given(), given("backup", devices="1"), []),
    ],
)
def test_what_is_given_less_is_lost(
    before: Entitlements, after: Entitlements, told: list[tuple[str, str | None, str]]
) -> None:
    """A limit that falls, or is not stated any more; an add-on that is not held any more."""
    found = [
        (each.code, None if each.before is None else f"{each.before:f}", f"{each.after:f}")
        for each in lost(before, after, 0)
    ]
    assert found == told


@pytest.fixture
def live(sqlite_billing: Billing) -> Live:
    """An account with three more devices and backups; it is 2 March."""
    found = Live.on(sqlite_billing, PRO, SMALL)
    found.subscribe(held={"device": 3, "backup": 1})
    return found


def preview(live: Live, command: ChangeSubscription) -> ChangePreview:
    """What a change would come to now."""
    now = live.billing.clock.now()
    return live.billing.database.read(lambda tx: preview_change(tx, command, now))


def told(found: ChangePreview) -> list[tuple[str, int]]:
    """What is lost, and how much of it is left."""
    return [(each.code, int(each.after)) for each in found.losses]


def test_smaller_plan_lowers_its_limits_and_drops_add_ons(live: Live) -> None:
    """Five devices become three; no scanner is left, and no backup."""
    found = preview(live, change_of("small"))
    assert told(found) == [("devices", 3), ("scanners", 0), ("backup", 0)]


def test_change_at_renewal_takes_away_then(live: Live) -> None:
    """Until then all is as it is."""
    found = preview(live, change_of(held={"device": 1, "backup": 1}, when="renewal"))
    assert [(each.code, each.effective_at) for each in found.losses] == [
        ("devices", NEXT_RENEWAL_AT)
    ]


def test_change_that_waits_for_its_charge_takes_away_with_it(live: Live) -> None:
    """What is charged until renewal is held until then."""
    waiting = ProrationMode.NONE_UNTIL_RENEWAL
    found = preview(live, change_of(held={"device": 1, "backup": 1}, mode=waiting))
    assert [each.effective_at for each in found.losses] == [NEXT_RENEWAL_AT]


def test_end_takes_all_away(live: Live) -> None:
    """Limits come to nothing, and so do add-ons."""
    asked = Asked(FactKind.CANCELLED, when_of(""))
    found = preview(live, ChangeSubscription("acme", "main", asked))
    assert told(found) == [("devices", 0), ("scanners", 0), ("backup", 0)]


def test_more_of_everything_takes_nothing_away(live: Live) -> None:
    """Nothing is to be told."""
    assert told(preview(live, change_of(held={"device": 4, "backup": 1}))) == []


def test_change_after_a_scheduled_one_is_told_by_its_own_difference(live: Live) -> None:
    """A device less from 10 March on is known; the second change takes away the backup."""
    change(live, held={"device": 2, "backup": 1}, when="2026-03-10")
    found = preview(live, change_of(held={"device": 2}, when="2026-03-20"))
    assert [(each.code, each.effective_at) for each in found.losses] == [
        ("backup", at("2026-03-20 00:00"))
    ]


def test_preview_tells_limits_before_and_after(live: Live) -> None:
    """An add-on has none before."""
    found = preview(live, change_of("small"))
    message = to_proto_change_preview(found, pb.PreviewChangeRequest(), PreviewTokens(b"key"))
    assert [
        (each.quantity_before.value, each.unlimited_before, each.quantity_after.value)
        for each in message.entitlement_losses
    ] == [("5", False, "3"), ("1", False, "0"), ("", True, "0")]
