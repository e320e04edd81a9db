"""Who of an account's members acts, judged anew in the transaction of each write."""

import hmac

from chassis.errors import SecretNotActive
from provisioning_service.domain.member import MemberView, check_may_administer
from provisioning_service.storage.facts import Facts


def acting_member(facts: Facts, account: str, secret_hash: bytes) -> MemberView | None:
    """The member of an account that holds a secret; None for a caller who is no member.

    Errors:  SecretNotActive if the secret was ended since the caller was recognised.
    """
    if not secret_hash:
        return None
    for member in facts.members.values():
        if member.account == account and hmac.compare_digest(member.secret_hash, secret_hash):
            return facts.member_view(member)
    raise SecretNotActive


def check_administers(facts: Facts, account: str, secret_hash: bytes) -> None:
    """Refuse a member who may not change an account's members and resources.

    Errors:  SecretNotActive, AdminNeeded.
    """
    check_may_administer(acting_member(facts, account, secret_hash))
