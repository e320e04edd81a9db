"""The refusals of this service, each a type that knows its code and its published reason."""

from datetime import date

from chassis.errors import Kind, QuotaFailure, ResourceInfo
from provisioning_service.domain.refusals import (
    Missing,
    ProvisioningError,
    Taken,
    WrongField,
    WrongState,
)


class AccountAlreadyExists(Taken):
    """The account's id is taken."""

    reason = "ACCOUNT_ALREADY_EXISTS"

    def __init__(self, account: str) -> None:
        super().__init__("pospago/Account", f"accounts/{account}")


class ParentAccountNotFound(Missing):
    """The parent account is not known."""

    reason = "PARENT_ACCOUNT_NOT_FOUND"

    def __init__(self, account: str) -> None:
        super().__init__("pospago/Account", f"accounts/{account}")


class ParentInOtherSandbox(WrongState):
    """The parent account lives in another world."""

    reason = "PARENT_IN_OTHER_SANDBOX"

    def __init__(self, parent: str, parent_sandbox: str, sandbox: str) -> None:
        lives = f"sandboxes/{parent_sandbox}" if parent_sandbox else "the real world"
        wanted = f"sandboxes/{sandbox}" if sandbox else "the real world"
        super().__init__(
            "OTHER_SANDBOX", parent, f"lives in {lives}, not in {wanted}: name a parent there"
        )


class TimeZoneFixed(WrongState):
    """Something was subscribed or used, so the zone can no longer change."""

    reason = "TIME_ZONE_FIXED"

    def __init__(self, account: str, time_zone: str) -> None:
        super().__init__(
            "ZONE_FIXED",
            account,
            f"keeps {time_zone}, for something was subscribed or used in it: leave time_zone out",
        )


class NotEligible(WrongState):
    """The account holds too few licences to enrol."""

    reason = "NOT_ELIGIBLE"

    def __init__(self, account: str, *, licences: int, licences_min: int) -> None:
        super().__init__(
            "TOO_FEW_LICENCES",
            account,
            f"holds {licences} licences and needs {licences_min} to enrol: "
            "a licence is a prepaid instance that is not deleted and paid through today",
        )


class AlreadyEnrolled(WrongState):
    """The account is in the programme already."""

    reason = "ALREADY_ENROLLED"

    def __init__(self, account: str, remedy: str) -> None:
        super().__init__("ENROLLED", account, f"is in the integrator programme already: {remedy}")


class NotEnrolled(WrongState):
    """The account is not in the programme."""

    reason = "NOT_ENROLLED"

    def __init__(self, account: str, remedy: str = "enrol it first") -> None:
        super().__init__(
            "NOT_ENROLLED", f"accounts/{account}", f"is not in the integrator programme: {remedy}"
        )


class IntegratorNotFound(NotEnrolled):
    """The enrolment itself was asked for, and there is none."""

    kind = Kind.NOT_FOUND

    def __init__(self, account: str) -> None:
        super().__init__(account)
        self.detail = ResourceInfo("pospago/Integrator", f"accounts/{account}/integrator")


class InvalidProgramme(WrongField):
    """The programme contradicts itself, or what was used already."""

    reason = "INVALID_PROGRAMME"


class TokenAlreadyRequested(WrongState):
    """The next token was requested already."""

    reason = "TOKEN_ALREADY_REQUESTED"

    def __init__(self, token: str, state: str) -> None:
        super().__init__(
            "TOKEN_AHEAD",
            token,
            f"is the next token already and {state}: wait until it is issued and in use",
        )


class LadderComplete(WrongState):
    """The last token of the ladder is issued."""

    reason = "LADDER_COMPLETE"

    def __init__(self, token: str) -> None:
        super().__init__("LAST_RUNG", token, "is the last of the ladder: create with it")


class TokenNotFound(Missing):
    """There is no such token."""

    reason = "TOKEN_NOT_FOUND"

    def __init__(self, token: str) -> None:
        super().__init__("pospago/Token", token)


class TokenNotRequested(WrongState):
    """The token does not wait for approval."""

    reason = "TOKEN_NOT_REQUESTED"

    def __init__(self, token: str, status: str) -> None:
        super().__init__(
            "NOT_WAITING_FOR_APPROVAL",
            token,
            f"is {status}: only a requested token can be approved or declined",
        )


class TokenNotIssued(WrongState):
    """The token was not issued, so it has no secret."""

    reason = "TOKEN_NOT_ISSUED"

    def __init__(self, token: str, status: str) -> None:
        super().__init__(
            "NOT_ISSUED", token, f"is {status} and has no secret: have it approved first"
        )


class TokenNotYetUsable(WrongState):
    """The token before this one still has quota."""

    reason = "TOKEN_NOT_YET_USABLE"

    def __init__(self, token: str, ahead: str) -> None:
        super().__init__("QUOTA_LEFT_BEFORE", token, f"waits for {ahead}: create with that first")


class QuotaUsedUp(ProvisioningError):
    """The token's creations are used up."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "QUOTA_USED_UP"

    def __init__(self, token: str, *, limit: int, used: int, following: str) -> None:
        remedy = f"create with {following}" if following else "request the next token"
        super().__init__(
            f"{token} has served {used} of its {limit} creations: {remedy}.",
            detail=QuotaFailure(token, f"limit {limit}, used {used}: {remedy}"),
            metadata={"token": token, "limit": str(limit), "used": str(used)},
        )


class AccountUnpaid(WrongState):
    """The account has an unpaid invoice whose last day of service has passed."""

    reason = "ACCOUNT_UNPAID"

    def __init__(self, account: str, invoice: str) -> None:
        super().__init__(
            "UNPAID",
            account,
            f"is stopped since {invoice} was not paid in time: pay all that is overdue, then retry",
        )


class TrialTooLong(WrongField):
    """The trial is longer than the programme allows."""

    reason = "TRIAL_TOO_LONG"

    def __init__(self, length_us: int, length_max_us: int) -> None:
        super().__init__(
            "trial_length",
            f"{length_us // 1_000_000} s asked, at most {length_max_us // 1_000_000} s allowed "
            "by the programme",
        )


class InstanceAlreadyExists(Taken):
    """The instance's id is taken, maybe by a deleted one."""

    reason = "INSTANCE_ALREADY_EXISTS"

    def __init__(self, account: str, instance: str) -> None:
        super().__init__("pospago/Instance", f"accounts/{account}/instances/{instance}")


class InstanceNotFound(Missing):
    """There is no such instance."""

    reason = "INSTANCE_NOT_FOUND"

    def __init__(self, account: str, instance: str) -> None:
        super().__init__("pospago/Instance", f"accounts/{account}/instances/{instance}")


class IllegalTransition(WrongState):
    """The instance's state does not allow this."""

    reason = "ILLEGAL_TRANSITION"

    def __init__(self, instance: str, state: str, remedy: str) -> None:
        super().__init__(f"STATE_{state}", instance, f"is {state}: {remedy}")


class PaidThroughPast(WrongField):
    """The paid-through date lies in the past."""

    reason = "PAID_THROUGH_PAST"

    def __init__(self, paid_through_on: date, today: date) -> None:
        super().__init__(
            "paid_through_date", f"{paid_through_on} is past; it must be {today} or later"
        )


class SandboxAlreadyExists(Taken):
    """The sandbox's id is taken."""

    reason = "SANDBOX_ALREADY_EXISTS"

    def __init__(self, sandbox: str) -> None:
        super().__init__("pospago/Sandbox", f"sandboxes/{sandbox}")


class SandboxLimitReached(ProvisioningError):
    """The account owns as many sandboxes as it may."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "SANDBOX_LIMIT_REACHED"

    def __init__(self, account: str, limit: int) -> None:
        super().__init__(
            f"{account} owns {limit} sandboxes, the most it may: go on in one of them.",
            detail=QuotaFailure(account, f"at most {limit} sandboxes"),
        )


class SandboxInsideSandbox(WrongState):
    """An account that lives in a sandbox cannot own another."""

    reason = "SANDBOX_INSIDE_SANDBOX"

    def __init__(self, account: str, sandbox: str) -> None:
        super().__init__(
            "LIVES_IN_SANDBOX",
            account,
            f"lives in {sandbox} and cannot own another: use a token of the real account",
        )


class TimeNotAhead(WrongField):
    """The time lies before the sandbox's clock."""

    reason = "TIME_NOT_AHEAD"

    def __init__(self, sandbox: str) -> None:
        super().__init__("to_time", f"lies before the clock of {sandbox}; it only goes forward")


class AdvanceTooFar(WrongField):
    """The time lies further ahead than one call may go."""

    reason = "ADVANCE_TOO_FAR"

    def __init__(self, sandbox: str) -> None:
        super().__init__(
            "to_time",
            f"lies over ten years after the clock of {sandbox}, or past 2199: go in several calls",
        )
