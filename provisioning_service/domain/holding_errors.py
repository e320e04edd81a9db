"""The refusals about members, resources and what entitles to them."""

from chassis.errors import Kind, QuotaFailure
from provisioning_service.domain.refusals import Missing, ProvisioningError, Taken, WrongState


class MemberAlreadyExists(Taken):
    """The member's id is taken, maybe by a removed one."""

    reason = "MEMBER_ALREADY_EXISTS"

    def __init__(self, account: str, member: str) -> None:
        super().__init__("pospago/Member", f"accounts/{account}/members/{member}")


class MemberNotFound(Missing):
    """There is no such member."""

    reason = "MEMBER_NOT_FOUND"

    def __init__(self, account: str, member: str) -> None:
        super().__init__("pospago/Member", f"accounts/{account}/members/{member}")


class MemberRemoved(WrongState):
    """The member was removed."""

    reason = "MEMBER_REMOVED"

    def __init__(self, member: str) -> None:
        super().__init__("REMOVED", member, "was removed: create another member")


class MemberIsPrincipal(WrongState):
    """The member is its account's principal."""

    reason = "MEMBER_IS_PRINCIPAL"

    def __init__(self, member: str) -> None:
        super().__init__(
            "PRINCIPAL", member, "is its account's principal: make another member that first"
        )


class AdminNeeded(ProvisioningError):
    """Of the account's members only an administrator or the principal may do this."""

    kind = Kind.PERMISSION_DENIED
    reason = "ADMIN_NEEDED"

    def __init__(self) -> None:
        super().__init__(
            "Of the account's members only an administrator or the principal may do that: ask one "
            "of them, or be given the role ADMIN."
        )


class ResourceAlreadyExists(Taken):
    """The resource's id is taken, maybe by a removed one."""

    reason = "RESOURCE_ALREADY_EXISTS"

    def __init__(self, account: str, resource: str) -> None:
        super().__init__("pospago/Resource", f"accounts/{account}/resources/{resource}")


class ResourceNotFound(Missing):
    """There is no such resource."""

    reason = "RESOURCE_NOT_FOUND"

    def __init__(self, account: str, resource: str) -> None:
        super().__init__("pospago/Resource", f"accounts/{account}/resources/{resource}")


class ResourceRemoved(WrongState):
    """The resource was removed."""

    reason = "RESOURCE_REMOVED"

    def __init__(self, resource: str) -> None:
        super().__init__("REMOVED", resource, "was removed already: there is nothing left to do")


class FeatureNotIncluded(WrongState):
    """Nothing that the account is subscribed to includes this."""

    reason = "FEATURE_NOT_INCLUDED"

    def __init__(self, account: str, text: str) -> None:
        super().__init__("NOT_INCLUDED", f"accounts/{account}", text)


class LimitReached(ProvisioningError):
    """The account holds as much as its subscriptions allow."""

    kind = Kind.RESOURCE_EXHAUSTED
    reason = "LIMIT_REACHED"

    def __init__(self, account: str, code: str, text: str) -> None:
        subject = f"accounts/{account}"
        super().__init__(
            f"{subject} {text}.", detail=QuotaFailure(subject, text), metadata={"code": code}
        )
