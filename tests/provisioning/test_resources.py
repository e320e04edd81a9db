"""What an account holds under the limits that billing tells, on both stores."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from chassis.errors import AccountNotFound, EtagMismatch
from provisioning_service.domain.entitlement import Limit
from provisioning_service.domain.errors import AccountUnpaid
from provisioning_service.domain.holding_errors import (
    AdminNeeded,
    FeatureNotIncluded,
    LimitReached,
    ResourceAlreadyExists,
    ResourceNotFound,
    ResourceRemoved,
)
from provisioning_service.domain.member import Role
from provisioning_service.use_cases.create_resource import CREATE_RESOURCE
from provisioning_service.use_cases.note_entitlements import NOTE_ENTITLEMENTS, NoteEntitlements
from provisioning_service.use_cases.remove_resource import REMOVE_RESOURCE, RemoveResource
from tests.provisioning.builders import Service
from tests.provisioning.holding import drop, entitle, held, hold, member, seat


def read_for(service: Service, use_case: Any, command: object) -> Mapping[Any, Any]:
    """The resources that are read to decide a command."""
    facts = service.database.read(lambda tx: use_case.gather(tx, [command]))
    found: Mapping[Any, Any] = facts.resources
    return found


def test_limit_refuses_one_more(service: Service) -> None:
    """As many are held as the limit says, and not one more until one is removed."""
    service.account()
    entitle(service, seat=2)
    hold(service, "a")
    hold(service, "b")
    with pytest.raises(LimitReached, match="may have 2 of seat and holds 2"):
        hold(service, "c")
    drop(service, "a")
    hold(service, "c")
    assert held(service) == "b:ACTIVE c:ACTIVE"


def test_limit_holds_within_one_batch(service: Service) -> None:
    """Of fifty commands of one batch exactly as many are done as the limit allows."""
    service.account()
    entitle(service, seat=10)
    outcomes = service.do_all(CREATE_RESOURCE, [seat(f"s{number:02}") for number in range(50)])
    refused = [each for each in outcomes if isinstance(each, LimitReached)]
    assert (len(refused), held(service).count("ACTIVE")) == (40, 10)


def test_what_no_subscription_includes_is_refused(service: Service) -> None:
    """A device that the plan does not state is not included; nor anything without a plan."""
    service.account()
    with pytest.raises(FeatureNotIncluded):
        hold(service, "a", "whatsapp")
    entitle(service, whatsapp=3)
    hold(service, "a", "whatsapp")
    with pytest.raises(FeatureNotIncluded, match="no subscription that includes whatsapp-official"):
        hold(service, "b", "whatsapp-official")


def test_add_on_without_limit_allows_any_number(service: Service) -> None:
    """What an add-on gives and nothing limits may be held as often as one likes."""
    service.account()
    entitle(service, "crm", "domain")
    for number in range(3):
        hold(service, f"d{number}", "domain")
    assert held(service) == "d0:ACTIVE d1:ACTIVE d2:ACTIVE"


def test_fewer_allowed_suspends_the_newest_until_there_is_room(service: Service) -> None:
    """What exceeds a lower limit is suspended, newest first, and comes back as there is room."""
    service.account()
    entitle(service, seat=3)
    for number, name in enumerate("abc"):
        service.go_to(f"2026-03-03 0{number}:00")
        hold(service, name)
    entitle(service, seat=1)
    assert held(service) == "a:ACTIVE b:SUSPENDED c:SUSPENDED"
    drop(service, "a")
    assert held(service) == "b:ACTIVE c:SUSPENDED"
    entitle(service, seat=2)
    assert held(service) == "b:ACTIVE c:ACTIVE"


def test_what_is_within_its_limit_is_not_read(service: Service) -> None:
    """However many are held, a removal and a higher limit look at none of the others."""
    service.account()
    entitle(service, seat=3)
    for name in "abc":
        hold(service, name)
    removal = RemoveResource("acme", "b", "", b"")
    higher = NoteEntitlements("acme", "crm", (Limit("seat", Decimal(4)),), (), 0)
    assert set(read_for(service, REMOVE_RESOURCE, removal)) == {("acme", "b")}
    assert read_for(service, NOTE_ENTITLEMENTS, higher) == {}


def test_suspended_resources_take_up_the_limit(service: Service) -> None:
    """Nothing can be added while something is suspended."""
    service.account()
    entitle(service, seat=2)
    hold(service, "a")
    hold(service, "b")
    entitle(service, seat=1)
    with pytest.raises(LimitReached, match="holds 2"):
        hold(service, "c")


def test_leaving_the_plan_suspends_the_gated_device(service: Service) -> None:
    """A device that the next plan does not include is suspended, the others stay in use."""
    service.account()
    entitle(service, whatsapp=2, whatsapp_official=1)
    hold(service, "plain", "whatsapp")
    hold(service, "official", "whatsapp-official")
    entitle(service, whatsapp=2)
    assert held(service) == "official:SUSPENDED plain:ACTIVE"


def test_each_change_is_told(service: Service) -> None:
    """The feed tells of each resource created, suspended, resumed and removed."""
    service.account()
    entitle(service, seat=1)
    hold(service, "a")
    entitle(service, seat=0)
    entitle(service, seat=1)
    drop(service, "a")
    assert service.told(after=1) == [
        "ResourceCreated",
        "ResourceSuspended",
        "ResourceResumed",
        "ResourceRemoved",
    ]


def test_the_same_entitlements_again_change_nothing(service: Service) -> None:
    """Billing may tell the same twice."""
    service.account()
    entitle(service, seat=1)
    hold(service, "a")
    count = len(service.events())
    entitle(service, seat=1)
    assert len(service.events()) == count


def test_two_subscriptions_add_up_until_one_ends(service: Service) -> None:
    """Limits of two subscriptions add up; without the second one its share is suspended."""
    service.account()
    entitle(service, "crm", seat=1)
    entitle(service, "erp", seat=1)
    hold(service, "a")
    hold(service, "b")
    entitle(service, "erp")
    assert held(service) == "a:ACTIVE b:SUSPENDED"


def test_unpaid_account_adds_nothing(service: Service) -> None:
    """While the account is stopped for an unpaid invoice, nothing is added."""
    service.account()
    entitle(service, seat=1)
    service.stop_unpaid("2026-03-01")
    with pytest.raises(AccountUnpaid):
        hold(service, "a")


@pytest.mark.parametrize("does", [hold, drop])
def test_user_changes_no_resource(service: Service, does: Callable[..., Any]) -> None:
    """A member who is no administrator neither adds nor removes resources."""
    service.account()
    entitle(service, seat=1)
    user = member(service, "ana")
    with pytest.raises(AdminNeeded):
        does(service, "a", by=user)


def test_admin_adds_a_resource(service: Service) -> None:
    """An administrator of the account may add resources."""
    service.account()
    entitle(service, seat=1)
    hold(service, "a", by=member(service, "ana", Role.ADMIN))
    assert held(service) == "a:ACTIVE"


def test_ids_stay_taken(service: Service) -> None:
    """The id of a resource is taken for good, also once it is removed."""
    service.account()
    entitle(service, seat=2)
    hold(service, "a")
    drop(service, "a")
    with pytest.raises(ResourceAlreadyExists):
        hold(service, "a")


def test_removing_refuses_what_is_not_there(service: Service) -> None:
    """What is unknown, changed or gone already is not removed."""
    service.account()
    entitle(service, seat=1)
    hold(service, "a")
    with pytest.raises(EtagMismatch):
        drop(service, "a", etag="9")
    drop(service, "a")
    with pytest.raises(ResourceRemoved):
        drop(service, "a")
    with pytest.raises(ResourceNotFound):
        drop(service, "b")


def test_unknown_account_holds_nothing(service: Service) -> None:
    """A resource needs an account."""
    with pytest.raises(AccountNotFound):
        hold(service, "a")
