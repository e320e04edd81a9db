"""Quota, bands and trials: what a creation costs and gives, on both stores."""

import pytest

from chassis.errors import Unauthenticated
from provisioning_service.domain.errors import (
    InstanceAlreadyExists,
    NotEnrolled,
    QuotaUsedUp,
    TokenNotYetUsable,
    TrialTooLong,
)
from provisioning_service.domain.instance import InstanceState
from provisioning_service.domain.token import TokenState
from provisioning_service.use_cases.create_instance import CREATE_INSTANCE
from tests.provisioning.builders import DAY, START_AT, Service, secret


def test_a_creation_starts_a_trial_in_its_tokens_band(service: Service) -> None:
    """A creation gives a trial of two days in the band of its token."""
    service.integrator()
    made = service.create(instance="one").instance
    assert (made.state, made.band, made.rung, made.trial_end_at) == (
        InstanceState.TRIAL,
        1,
        1,
        START_AT + 2 * DAY,
    )


def test_a_creation_is_what_is_read(service: Service) -> None:
    """The store gives an instance back as it was made."""
    service.integrator()
    made = service.create(instance="one", display_name="Loja São João")
    assert service.get("one") == made


@pytest.mark.parametrize(("asked", "served"), [(24, 24), (25, 25), (26, 25), (60, 25)])
def test_quota_is_exact_in_one_batch(service: Service, asked: int, served: int) -> None:
    """A batch takes from a token what is left and no more."""
    service.integrator()
    outcomes = service.fill(asked)
    refused = [each for each in outcomes if isinstance(each, QuotaUsedUp)]
    assert (len(service.instances()), len(refused)) == (served, asked - served)


def test_a_refusal_costs_nothing(service: Service) -> None:
    """A refused creation leaves the token's use as it was."""
    service.integrator()
    service.fill(30)
    assert service.token(1).token.creations_used == 25


def test_a_used_up_token_says_so(service: Service) -> None:
    """The last creation of a token shows it used up and tells it in the feed."""
    service.integrator()
    service.fill(25)
    assert (service.token(1).state, service.told().count("TokenUsedUp")) == (
        TokenState.USED_UP,
        1,
    )


def test_a_refusal_names_token_limit_use_and_remedy(service: Service) -> None:
    """A used-up token's refusal tells what an integrator needs to go on."""
    service.integrator()
    service.fill(25)
    with pytest.raises(QuotaUsedUp) as refused:
        service.create()
    assert refused.value.message == (
        "accounts/acme/tokens/1 has served 25 of its 25 creations: request the next token."
    )


def test_a_refusal_names_the_token_that_is_there_already(service: Service) -> None:
    """Where the next token is issued, the refusal points to it."""
    service.integrator()
    service.fill(25)
    service.request()
    with pytest.raises(QuotaUsedUp, match="create with accounts/acme/tokens/2"):
        service.create()


def test_an_early_token_waits(service: Service) -> None:
    """A token requested early creates nothing while the one before has quota."""
    service.integrator()
    service.fill(24)
    service.request()
    with pytest.raises(TokenNotYetUsable):
        service.create(rung=2)


def test_the_next_token_creates_in_its_band(service: Service) -> None:
    """Creation 26 is served by token 2 in band 2, and the 25 before keep band 1."""
    service.integrator()
    service.fill(25)
    service.request()
    service.create(rung=2)
    bands = [each.band for each in service.instances()]
    assert (bands.count(1), bands.count(2)) == (25, 1)


def test_the_whole_ladder(service: Service) -> None:
    """25, 25, 50 and then no limit, in the bands 1, 2, 3 and 3."""
    service.integrator()
    for rung, count in ((1, 25), (2, 25), (3, 50), (4, 60)):
        if rung > 1:
            service.request(rung=rung)
        service.fill(count, rung=rung)
    bands = [each.band for each in service.instances()]
    assert [bands.count(band) for band in (1, 2, 3)] == [25, 25, 110]


def test_a_deleted_instance_gives_no_quota_back(service: Service) -> None:
    """Quota is consumed for good."""
    service.integrator()
    service.create(instance="one")
    service.cancel("one")
    assert service.token(1).token.creations_used == 1


@pytest.mark.parametrize(("length", "refused"), [(30 * DAY, False), (30 * DAY + 1, True)])
def test_a_trial_is_bounded(service: Service, length: int, *, refused: bool) -> None:
    """A creation may ask for a trial up to the programme's maximum."""
    service.integrator()
    (outcome,) = service.do_all(CREATE_INSTANCE, [service.creation(trial_length_us=length)])
    assert isinstance(outcome, TrialTooLong) == refused


def test_an_id_is_taken_once(service: Service) -> None:
    """An instance's id cannot be used again, not even in the same batch."""
    service.integrator()
    twice = [service.creation(instance="one"), service.creation(instance="one")]
    _, again = service.do_all(CREATE_INSTANCE, twice)
    assert isinstance(again, InstanceAlreadyExists)


def test_a_deleted_id_stays_taken(service: Service) -> None:
    """A deleted instance keeps its id."""
    service.integrator()
    service.create(instance="one")
    service.cancel("one")
    with pytest.raises(InstanceAlreadyExists):
        service.create(instance="one")


def test_an_operator_creates_inactive(service: Service) -> None:
    """An operator's creation for an enrolled account does not run and takes no quota."""
    service.integrator()
    made = service.create(rung=0).instance
    used = service.token(1).token.creations_used
    assert (made.state, made.band, made.trial_end_at, used) == (InstanceState.INACTIVE, 0, None, 0)


def test_an_account_that_is_not_enrolled_creates_nothing(service: Service) -> None:
    """Without enrolment there is no creation, not even an operator's."""
    service.account()
    with pytest.raises(NotEnrolled, match="import"):
        service.create(rung=0)


def test_a_secret_that_ended_creates_nothing(service: Service) -> None:
    """A creation is judged in its transaction by the secrets that work then."""
    service.integrator()
    with pytest.raises(Unauthenticated):
        service.create(secret_hash=secret("another").hash)


def test_accounts_in_a_batch_do_not_mix(service: Service) -> None:
    """Each creation takes from its own account's token."""
    service.integrator("acme")
    service.integrator("beta")
    commands = [service.creation(each) for each in ("acme", "beta", "acme")]
    service.do_all(CREATE_INSTANCE, commands)
    used = [service.token(1, account).token.creations_used for account in ("acme", "beta")]
    assert used == [2, 1]
