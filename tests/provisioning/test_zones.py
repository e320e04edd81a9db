"""An account's zone, once billing reckons in it."""

import pytest

from provisioning_service.domain.account import Account
from provisioning_service.domain.errors import TimeZoneFixed
from provisioning_service.storage.facts import read_accounts
from provisioning_service.use_cases.fix_zone import FIX_ZONE, FixZone
from provisioning_service.use_cases.update_account import UPDATE_ACCOUNT, UpdateAccount
from tests.provisioning.builders import Service

SAO_PAULO = "America/Sao_Paulo"


def account_of(service: Service) -> Account:
    """The account as it is stored."""
    return service.database.read(lambda tx: read_accounts(tx, ["acme"]).account("acme"))


def test_zone_in_which_billing_reckons_stays(service: Service) -> None:
    """Usage or a plan's subscription fixes it, with no instance at all."""
    service.account()
    service.billing_tells(FIX_ZONE, FixZone("acme", SAO_PAULO))
    with pytest.raises(TimeZoneFixed, match="subscribed or used"):
        service.do(UPDATE_ACCOUNT, UpdateAccount("acme", None, "Europe/Oslo", ""))


def test_change_that_crossed_billings_word_is_taken_back(service: Service) -> None:
    """Both services keep the zone in which usage was reckoned."""
    service.account()
    service.do(UPDATE_ACCOUNT, UpdateAccount("acme", None, "Europe/Oslo", ""))
    service.billing_tells(FIX_ZONE, FixZone("acme", SAO_PAULO))
    kept = account_of(service)
    assert (kept.time_zone, kept.zone_fixed) == (SAO_PAULO, True)


def test_word_that_is_known_changes_nothing(service: Service) -> None:
    """The etag stays, so that nobody's update is refused for it."""
    service.account()
    service.billing_tells(FIX_ZONE, FixZone("acme", SAO_PAULO))
    before = account_of(service)
    service.billing_tells(FIX_ZONE, FixZone("acme", SAO_PAULO))
    assert account_of(service) == before
