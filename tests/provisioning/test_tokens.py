"""Enrolment, the ladder of tokens and their secrets, on both stores."""

from dataclasses import replace
from typing import Any

import pytest

from chassis.errors import AccountNotFound, EtagMismatch, Unauthenticated
from provisioning_service.domain.errors import (
    AlreadyEnrolled,
    InvalidProgramme,
    LadderComplete,
    NotEligible,
    NotEnrolled,
    TokenAlreadyRequested,
    TokenNotFound,
    TokenNotIssued,
    TokenNotRequested,
)
from provisioning_service.domain.programme import Programme, TokenApproval
from provisioning_service.domain.token import Rung, TokenState
from provisioning_service.use_cases.change_token import (
    APPROVE_TOKEN,
    DECLINE_TOKEN,
    REVOKE_TOKEN,
    ROTATE_TOKEN,
    ChangeToken,
)
from provisioning_service.use_cases.create_instance import CREATE_INSTANCE
from provisioning_service.use_cases.request_token import REQUEST_TOKEN, RequestToken
from provisioning_service.use_cases.update_integrator import UPDATE_INTEGRATOR, UpdateIntegrator
from tests.provisioning.builders import OPEN_PROGRAMME, Service, secret

MANUAL: dict[str, Any] = {"token_approval": TokenApproval.MANUAL}


def change(service: Service, use_case: Any, rung: int, new: str = "new", by: bytes = b"") -> Any:
    return service.do(use_case, ChangeToken("acme", rung, secret(new), by))


def update(service: Service, etag: str = "", **changes: Any) -> Any:
    return service.do(UPDATE_INTEGRATOR, UpdateIntegrator("acme", changes, etag))


# --- enrolment ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("held", "enrolled"), [(24, False), (25, True), (26, True)])
def test_enrolment_takes_25_licences(service: Service, held: int, *, enrolled: bool) -> None:
    """An account enrols from its 25th licence on."""
    service.account()
    for number in range(held):
        service.take_over(f"old-{number}", "2026-03-31")
    if enrolled:
        service.enrol(programme=Programme())
    else:
        with pytest.raises(NotEligible, match="holds 24 licences and needs 25"):
            service.enrol(programme=Programme())
    assert ("acme" in service.facts().integrators) == enrolled


def test_only_licences_count(service: Service) -> None:
    """A prepaid instance that is deleted, or past what is paid, is no licence."""
    service.account()
    for name, day in (("gone", "2026-05-31"), ("past", "2026-03-02"), ("good", "2026-03-31")):
        service.take_over(name, day)
    service.cancel("past")
    service.go_to("2026-03-03")
    with pytest.raises(NotEligible, match="holds 2 licences"):
        service.enrol(programme=Programme(licences_min=3))


def test_an_account_enrols_once(service: Service) -> None:
    """A second enrolment is refused."""
    service.integrator()
    with pytest.raises(AlreadyEnrolled):
        service.enrol()


def test_a_later_migration_is_refused_with_its_reason(service: Service) -> None:
    """Prepaid instances could be taken along at enrolment only, and the refusal says so."""
    service.integrator()
    with pytest.raises(AlreadyEnrolled, match="at enrolment only"):
        service.enrol(migrate=True)


def test_an_unknown_account_cannot_enrol(service: Service) -> None:
    """Enrolment needs an account."""
    with pytest.raises(AccountNotFound):
        service.enrol("nobody")


@pytest.mark.parametrize(
    "programme",
    [
        replace(OPEN_PROGRAMME, ladder=()),
        replace(OPEN_PROGRAMME, ladder=(Rung(0, 1), Rung(5, 2))),
        replace(OPEN_PROGRAMME, trial_length_us=0),
        replace(OPEN_PROGRAMME, trial_length_max_us=1_000_000),
        replace(OPEN_PROGRAMME, lapsed_trial_retention_us=-1),
    ],
)
def test_a_contradictory_programme_is_refused(service: Service, programme: Programme) -> None:
    """A programme that cannot be carried out enrols nobody."""
    service.account()
    with pytest.raises(InvalidProgramme):
        service.enrol(programme=programme)


def test_enrolment_issues_the_first_token(service: Service) -> None:
    """The first token comes with the enrolment, active and with its secret."""
    enrolled = service.integrator()
    assert (enrolled.token.state, enrolled.secret, enrolled.token.token.secret_hint) == (
        TokenState.ACTIVE,
        "pspg_it_acme-1",
        "pspg_it_acme",
    )


# --- the ladder ---------------------------------------------------------------------------------


def test_one_token_ahead_is_enough(service: Service) -> None:
    """While the next token waits, there is no next but one."""
    service.integrator()
    service.request()
    with pytest.raises(TokenAlreadyRequested):
        service.request(rung=3)


def test_the_ladder_ends(service: Service) -> None:
    """After the last rung there is no next token."""
    service.integrator(ladder=(Rung(1, 1), Rung(0, 2)))
    service.fill(1)
    service.request()
    with pytest.raises(LadderComplete):
        service.request(rung=3)


def test_only_the_enrolled_request(service: Service) -> None:
    """An account that is not enrolled has no ladder."""
    service.account()
    with pytest.raises(NotEnrolled):
        service.request()


def test_a_manual_token_waits_for_approval(service: Service) -> None:
    """Where the programme asks for approval, a requested token has no secret yet."""
    service.integrator(**MANUAL)
    asked = service.request()
    assert (asked.token.state, asked.secret) == (TokenState.REQUESTED, "")


def test_approval_gives_the_secret(service: Service) -> None:
    """An approved token gets its secret."""
    service.integrator(**MANUAL)
    service.request()
    approved = change(service, APPROVE_TOKEN, 2)
    assert (approved.token.state, approved.secret) == (TokenState.WAITING, "pspg_it_new")


def test_a_declined_token_can_be_requested_again(service: Service) -> None:
    """After a refusal the same rung can be requested once more."""
    service.integrator(**MANUAL)
    service.request()
    change(service, DECLINE_TOKEN, 2)
    declined = service.token(2).state
    again = service.request().token
    assert (declined, again.token.rung, again.state) == (
        TokenState.DECLINED,
        2,
        TokenState.REQUESTED,
    )


@pytest.mark.parametrize("use_case", [APPROVE_TOKEN, DECLINE_TOKEN])
def test_only_a_requested_token_is_judged(service: Service, use_case: Any) -> None:
    """An issued token can be neither approved nor declined."""
    service.integrator()
    with pytest.raises(TokenNotRequested):
        change(service, use_case, 1)


@pytest.mark.parametrize("use_case", [ROTATE_TOKEN, REVOKE_TOKEN])
def test_only_an_issued_token_has_a_secret(service: Service, use_case: Any) -> None:
    """A requested token has no secret to change."""
    service.integrator(**MANUAL)
    service.request()
    with pytest.raises(TokenNotIssued):
        change(service, use_case, 2)


def test_an_unknown_rung_is_not_found(service: Service) -> None:
    """A token that was never requested does not exist."""
    service.integrator()
    with pytest.raises(TokenNotFound):
        change(service, ROTATE_TOKEN, 2)


# --- secrets ------------------------------------------------------------------------------------


def test_a_rotated_secret_ends_the_old_one(service: Service) -> None:
    """After a rotation only the new secret creates, on the same quota."""
    service.integrator()
    service.fill(3)
    change(service, ROTATE_TOKEN, 1)
    with pytest.raises(Unauthenticated):
        service.create()
    service.create(secret_hash=secret("new").hash)
    assert service.token(1).token.creations_used == 4


def test_a_revoked_token_keeps_its_quota(service: Service) -> None:
    """Revoking ends the secret, not the rung: a new secret goes on with what is left."""
    service.integrator()
    service.fill(24)
    change(service, REVOKE_TOKEN, 1)
    revoked = service.token(1)
    change(service, ROTATE_TOKEN, 1)
    outcomes = service.do_all(
        CREATE_INSTANCE,
        [service.creation(secret_hash=secret("new").hash) for _ in range(2)],
    )
    assert (revoked.token.secret_hash, [isinstance(each, Exception) for each in outcomes]) == (
        b"",
        [False, True],
    )


def test_an_ended_secret_requests_nothing(service: Service) -> None:
    """A caller whose secret ended in the meantime is not served."""
    service.integrator()
    change(service, REVOKE_TOKEN, 1)
    command = RequestToken("acme", secret("acme-2"), secret("acme-1").hash)
    with pytest.raises(Unauthenticated):
        service.do(REQUEST_TOKEN, command)


# --- changes of the programme -------------------------------------------------------------------


def test_a_new_ladder_holds_for_the_tokens_there_are(service: Service) -> None:
    """A higher limit on a used-up rung lets it create again."""
    service.integrator()
    service.fill(25)
    update(service, ladder=(Rung(26, 1), Rung(0, 2)))
    outcomes = service.fill(2)
    assert [isinstance(each, Exception) for each in outcomes] == [False, True]


@pytest.mark.parametrize("ladder", [(Rung(2, 1), Rung(0, 2)), (), (Rung(0, 1), Rung(0, 2))])
def test_a_ladder_below_its_use_is_refused(service: Service, ladder: tuple[Rung, ...]) -> None:
    """A rung cannot allow less than it has served."""
    service.integrator()
    service.fill(3)
    with pytest.raises(InvalidProgramme):
        update(service, ladder=ladder)


def test_a_rung_in_use_cannot_go(service: Service) -> None:
    """A ladder cannot be shorter than the tokens there are."""
    service.integrator()
    service.request()
    with pytest.raises(InvalidProgramme):
        update(service, ladder=(Rung(0, 1),))


def test_a_stale_programme_is_refused(service: Service) -> None:
    """Two changes on the same etag do not both happen."""
    service.integrator()
    update(service, licences_min=1)
    with pytest.raises(EtagMismatch):
        update(service, etag="1", licences_min=2)


def test_nothing_changed_tells_nothing(service: Service) -> None:
    """A change to what is already so is no event."""
    service.integrator()
    seen = len(service.events())
    update(service, licences_min=0)
    assert service.told(after=seen) == []
