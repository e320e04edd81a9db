"""Accounts and sandboxes, on both stores."""

import pytest

from chassis.errors import AccountNotFound, EtagMismatch, SandboxNotFound, TimeZoneUnknown
from chassis.errors import SandboxAdvancing as Advancing
from chassis.sandboxes import step_to
from provisioning_service.domain.errors import (
    AccountAlreadyExists,
    AdvanceTooFar,
    NotEnrolled,
    ParentAccountNotFound,
    ParentInOtherSandbox,
    SandboxAlreadyExists,
    SandboxInsideSandbox,
    SandboxLimitReached,
    TimeNotAhead,
    TimeZoneFixed,
)
from provisioning_service.domain.sandbox import ADVANCE_MAX_US
from provisioning_service.use_cases.advance_sandbox import (
    FINISH_ADVANCE,
    START_ADVANCE,
    FinishAdvance,
    StartAdvance,
)
from provisioning_service.use_cases.create_sandbox import (
    CREATE_SANDBOX,
    CreateSandbox,
    SandboxMade,
)
from provisioning_service.use_cases.update_account import UPDATE_ACCOUNT, UpdateAccount
from tests.provisioning.builders import SAO_PAULO, START_AT, Service, at, secret


def sandbox(
    service: Service, name: str = "box", owner: str = "", start: str = "2026-01-01"
) -> SandboxMade:
    """A sandbox; an owner's account in it is called for it."""
    hash_ = secret(f"{owner}-1").hash if owner else b""
    account = f"{name}-account"
    command = CreateSandbox(name, "", at(start), owner, account, secret(f"{account}-1"), hash_)
    return service.do(CREATE_SANDBOX, command)


# --- accounts -----------------------------------------------------------------------------------


def test_an_account_lives_in_the_default_zone(service: Service) -> None:
    """An account that names no zone gets the suite's."""
    assert service.account().time_zone == SAO_PAULO


def test_an_accounts_id_is_taken_once(service: Service) -> None:
    """The second account of a name is refused."""
    service.account()
    with pytest.raises(AccountAlreadyExists):
        service.account()


def test_an_unknown_zone_is_refused(service: Service) -> None:
    """Only IANA zones are zones."""
    with pytest.raises(TimeZoneUnknown):
        service.account(time_zone="Mars/Olympus")


def test_a_parent_must_exist(service: Service) -> None:
    """An account cannot stand under one that is not there."""
    with pytest.raises(ParentAccountNotFound):
        service.account(parent="nobody")


def test_a_parent_lives_in_the_same_world(service: Service) -> None:
    """A sandbox's account cannot stand under a real one."""
    service.account()
    sandbox(service)
    with pytest.raises(ParentInOtherSandbox):
        service.account("child", parent="acme", sandbox="box")


def test_an_account_needs_its_sandbox(service: Service) -> None:
    """There is no account in a sandbox that is not there."""
    with pytest.raises(SandboxNotFound):
        service.account(sandbox="nowhere")


def test_a_zone_may_change_before_the_first_subscription(service: Service) -> None:
    """While nothing was subscribed the zone is free."""
    service.integrator()
    service.create()
    changed = service.do(UPDATE_ACCOUNT, UpdateAccount("acme", None, "Europe/Oslo", ""))
    assert changed.time_zone == "Europe/Oslo"


def test_a_zone_is_fixed_by_a_subscription(service: Service) -> None:
    """Once something was subscribed the zone stays."""
    service.integrator()
    service.subscribed("one")
    with pytest.raises(TimeZoneFixed):
        service.do(UPDATE_ACCOUNT, UpdateAccount("acme", None, "Europe/Oslo", ""))


def test_a_zone_is_fixed_by_a_prepaid_instance(service: Service) -> None:
    """A date paid through is a day in the zone, so the zone stays."""
    service.account()
    service.take_over("one", "2026-05-20")
    with pytest.raises(TimeZoneFixed):
        service.do(UPDATE_ACCOUNT, UpdateAccount("acme", None, "Europe/Oslo", ""))


def test_a_stale_account_is_refused(service: Service) -> None:
    """A change on an old etag is refused."""
    service.account()
    service.do(UPDATE_ACCOUNT, UpdateAccount("acme", "Acme", None, "1"))
    with pytest.raises(EtagMismatch):
        service.do(UPDATE_ACCOUNT, UpdateAccount("acme", "Other", None, "1"))


def test_an_unknown_account_cannot_change(service: Service) -> None:
    """What is not there cannot be changed."""
    with pytest.raises(AccountNotFound):
        service.do(UPDATE_ACCOUNT, UpdateAccount("acme", "Acme", None, ""))


# --- sandboxes ----------------------------------------------------------------------------------


def test_a_sandbox_has_a_clock_of_its_own(service: Service) -> None:
    """What happens in a sandbox happens at its clock's time."""
    sandbox(service)
    assert service.account("inside", sandbox="box").created_at == at("2026-01-01")


def test_a_sandbox_starts_now_unless_told(service: Service) -> None:
    """A sandbox without a start time shows the real time."""
    command = CreateSandbox("box", "", None, "", "", secret("x"), b"")
    assert service.do(CREATE_SANDBOX, command).view.clock_at == START_AT


def test_an_integrators_sandbox_is_ready(service: Service) -> None:
    """An integrator's sandbox holds an enrolled account whose token creates."""
    service.integrator()
    made = sandbox(service, owner="acme")
    service.create("box-account")
    assert (made.account, made.token, made.secret) == (
        "box-account",
        "accounts/box-account/tokens/1",
        "pspg_it_box-account-1",
    )


def test_events_in_a_sandbox_bear_its_time(service: Service) -> None:
    """The events of a sandbox's account take effect on its clock."""
    service.integrator()
    sandbox(service, owner="acme")
    told = {each.effective_at for each in service.events() if each.sandbox == "box"}
    assert told == {at("2026-01-01")}


def test_a_sandbox_is_made_once(service: Service) -> None:
    """A sandbox's id is taken once."""
    sandbox(service)
    with pytest.raises(SandboxAlreadyExists):
        sandbox(service)


def test_a_sandboxes_account_must_be_new(service: Service) -> None:
    """The account in a sandbox cannot be one that exists."""
    service.integrator()
    service.account("box-account")
    with pytest.raises(AccountAlreadyExists):
        sandbox(service, owner="acme")


def test_only_the_enrolled_own_sandboxes(service: Service) -> None:
    """An account that is not enrolled has no programme to take along."""
    service.integrator("beta")
    service.account()
    command = CreateSandbox("box", "", None, "acme", "a", secret("x"), b"")
    with pytest.raises(NotEnrolled):
        service.do(CREATE_SANDBOX, command)


@pytest.mark.parametrize(("count", "refused"), [(5, False), (6, True)])
def test_an_owner_has_five_at_most(service: Service, count: int, *, refused: bool) -> None:
    """The sixth sandbox of an owner is refused."""
    service.integrator()
    for number in range(count - 1):
        sandbox(service, f"box-{number}", owner="acme")
    if refused:
        with pytest.raises(SandboxLimitReached):
            sandbox(service, owner="acme")
    else:
        assert sandbox(service, owner="acme").account


def test_no_sandbox_inside_a_sandbox(service: Service) -> None:
    """An account that lives in a sandbox owns none."""
    service.integrator()
    sandbox(service, owner="acme")
    with pytest.raises(SandboxInsideSandbox):
        sandbox(service, "inner", owner="box-account")


# --- on their way -------------------------------------------------------------------------------


def start(service: Service, to: str) -> int | None:
    return service.do(START_ADVANCE, StartAdvance("box", at(to))).target_at


def test_other_writes_wait_while_a_sandbox_is_on_its_way(service: Service) -> None:
    """From start to arrival the sandbox's accounts take no commands."""
    service.integrator()
    sandbox(service, owner="acme")
    start(service, "2026-02-01")
    with pytest.raises(Advancing):
        service.create("box-account")


def test_an_advance_can_be_taken_up_again(service: Service) -> None:
    """The same target goes on, another is refused."""
    sandbox(service)
    start(service, "2026-02-01")
    assert start(service, "2026-02-01") == at("2026-02-01")
    with pytest.raises(Advancing):
        start(service, "2026-03-01")


def test_arriving_tells_where_from(service: Service) -> None:
    """An advance is told at its start and its end."""
    sandbox(service)
    start(service, "2026-02-01")
    arrived = service.do(FINISH_ADVANCE, FinishAdvance("box", at("2026-02-01")))
    assert (arrived.clock_at, arrived.target_at, service.told()[-2:]) == (
        at("2026-02-01"),
        None,
        ["SandboxAdvanceStarted", "SandboxAdvanced"],
    )


def test_a_step_that_comes_late_holds_nobody_up(service: Service) -> None:
    """One of two that led a sandbox may step once more after the other arrived, and arrives too."""
    sandbox(service)
    start(service, "2026-02-01")
    arrival = FinishAdvance("box", at("2026-02-01"))
    service.do(FINISH_ADVANCE, arrival)
    step_to(service.writer, "box", to_at=arrival.to_at, target_at=arrival.to_at)
    service.do(FINISH_ADVANCE, arrival)
    assert service.account("inside", sandbox="box").created_at == arrival.to_at


def test_a_clock_never_goes_back(service: Service) -> None:
    """A target before the clock is refused."""
    sandbox(service)
    with pytest.raises(TimeNotAhead):
        start(service, "2025-12-31")


@pytest.mark.parametrize(("more", "refused"), [(0, False), (1, True)])
def test_an_advance_has_a_limit(service: Service, more: int, *, refused: bool) -> None:
    """One call goes ten years at most."""
    sandbox(service)
    command = StartAdvance("box", at("2026-01-01") + ADVANCE_MAX_US + more)
    if refused:
        with pytest.raises(AdvanceTooFar):
            service.do(START_ADVANCE, command)
    else:
        assert service.do(START_ADVANCE, command).target_at == command.to_at


def test_an_unknown_sandbox_does_not_advance(service: Service) -> None:
    """A sandbox that is not there is not found."""
    with pytest.raises(SandboxNotFound):
        start(service, "2026-02-01")
