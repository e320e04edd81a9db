"""Access rules of the contract, for each kind of caller that they tell apart."""

from typing import Final

import pytest
from pospago.provisioning.v1 import member_pb2

from chassis.caller import Caller, CallerKind
from chassis.errors import AccessDenied, DomainError, PrincipalNeeded
from chassis.rpc.access import AccessRule

SET_PRINCIPAL: Final = member_pb2.DESCRIPTOR.services_by_name["MemberService"].methods_by_name[
    "SetPrincipal"
]
OWN: Final = member_pb2.SetPrincipalRequest(name="accounts/acme/members/ana")
FOREIGN: Final = member_pb2.SetPrincipalRequest(name="accounts/other/members/ana")


def member(*, is_principal: bool) -> Caller:
    return Caller(
        CallerKind.MEMBER, "acme", account="acme", member="ana", is_principal=is_principal
    )


def let_in(caller: Caller, request: member_pb2.SetPrincipalRequest) -> bool:
    """Whether the rule lets a caller make a request; its refusal is raised."""
    rule = AccessRule.of(SET_PRINCIPAL)
    rule.check(caller, request)
    rule.check_principal(caller)
    return rule.principal_only


@pytest.mark.parametrize(
    "caller",
    [
        member(is_principal=True),
        Caller(CallerKind.OPERATOR, "admin"),
        Caller(CallerKind.SERVICE, "billing"),
    ],
)
def test_rule_for_the_principal_lets_in(caller: Caller) -> None:
    """The principal of the account is let in, and so is whoever is no member."""
    assert let_in(caller, OWN)


@pytest.mark.parametrize(
    ("caller", "request_of", "refusal"),
    [
        (member(is_principal=False), OWN, PrincipalNeeded),
        (member(is_principal=True), FOREIGN, AccessDenied),
        (member(is_principal=False), FOREIGN, AccessDenied),
        (Caller(CallerKind.INTEGRATOR, "acme", account="acme"), OWN, AccessDenied),
    ],
)
def test_rule_for_the_principal_refuses(
    caller: Caller, request_of: member_pb2.SetPrincipalRequest, refusal: type[DomainError]
) -> None:
    """Another member is told who may; whoever names a foreign account learns nothing."""
    with pytest.raises(refusal):
        let_in(caller, request_of)
