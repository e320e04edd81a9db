"""Members, their secrets and the principal, by the real server and real stubs."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from pospago.access.v1 import access_pb2
from pospago.provisioning.v1 import account_pb2, event_service_pb2, events_pb2, member_pb2

from tests.provisioning.calling import CODE, Caller, Served, new_id, refused

USER, ADMIN = member_pb2.Member.ROLE_USER, member_pb2.Member.ROLE_ADMIN
NEEDS_ADMIN = (CODE.PERMISSION_DENIED, "ADMIN_NEEDED")
NEEDS_PRINCIPAL = (CODE.PERMISSION_DENIED, "PRINCIPAL_NEEDED")
NOT_ACTIVE = (CODE.UNAUTHENTICATED, "UNAUTHENTICATED")


def name_of(member: str) -> str:
    return f"accounts/acme/members/{member}"


async def joined(on: Served, member: str, **fields: Any) -> Caller:
    """A member of acme's, with its secret."""
    return on.caller((await on.operator.create_member(member, **fields)).secret)


async def an_account(on: Served) -> tuple[Caller, Caller, Caller]:
    """Acme with its principal `ana`, the administrator `bia` and the user `caio`."""
    await on.operator.create_account()
    ana = await joined(on, "ana")
    await on.operator.set_principal("ana")
    return ana, await joined(on, "bia", role=ADMIN), await joined(on, "caio")


async def rotate(by: Caller, member: str) -> Any:
    request = member_pb2.RotateMemberSecretRequest(name=name_of(member), request_id=new_id())
    return await by.members.RotateMemberSecret(request)


async def remove(by: Caller, member: str) -> Any:
    request = member_pb2.RemoveMemberRequest(name=name_of(member), request_id=new_id())
    return (await by.members.RemoveMember(request)).member


async def get(by: Caller, member: str) -> Any:
    return (await by.members.GetMember(member_pb2.GetMemberRequest(name=name_of(member)))).member


async def account_of(by: Caller, account: str = "acme") -> Any:
    request = account_pb2.GetAccountRequest(name=f"accounts/{account}")
    return (await by.accounts.GetAccount(request)).account


async def principal_changes(on: Served) -> list[Any]:
    """What the feed tells of acme's principals."""
    request = event_service_pb2.ListEventsRequest(account="accounts/acme", page_size=1000)
    found = []
    for event in (await on.operator.events.ListEvents(request)).events:
        told = events_pb2.PrincipalChanged()
        if event.payload.Unpack(told):
            found.append(told)
    return found


async def test_a_member_is_told_as_it_is(provisioning: Served) -> None:
    """A member created is a member read, a user unless said otherwise, without its secret."""
    await provisioning.operator.create_account()
    made = await provisioning.operator.create_member("ana", email="ana@example.com")
    read = await get(provisioning.operator, "ana")
    assert read == made.member
    assert (read.role, read.is_principal, read.email) == (USER, False, "ana@example.com")
    assert made.secret.startswith(read.secret_hint)


async def test_secret_of_a_member_is_told_once(provisioning: Served) -> None:
    """A repeated creation gives the member again, and no secret."""
    await provisioning.operator.create_account()
    request = member_pb2.CreateMemberRequest(
        parent="accounts/acme", member_id="ana", request_id=new_id()
    )
    first = await provisioning.operator.members.CreateMember(request)
    again = await provisioning.operator.members.CreateMember(request)
    assert (again.member, bool(first.secret), again.secret) == (first.member, True, "")


async def test_member_sees_its_own_account_only(provisioning: Served) -> None:
    """A member reads what is its account's, and is denied any other, there or not."""
    _, _, caio = await an_account(provisioning)
    await provisioning.operator.create_account("other")
    assert (await account_of(caio)).name == "accounts/acme"
    for account in ("other", "nobody"):
        assert await refused(account_of(caio, account)) == (
            CODE.PERMISSION_DENIED,
            "ACCESS_DENIED",
        )


async def test_introspection_tells_the_principal(provisioning: Served) -> None:
    """Billing learns who a member is, and whether it is the principal."""
    await provisioning.operator.create_account()
    secret = (await provisioning.operator.create_member("ana")).secret
    request = access_pb2.IntrospectRequest(secret=secret)
    before = await provisioning.billing.access.Introspect(request)
    await provisioning.operator.set_principal("ana")
    after = await provisioning.billing.access.Introspect(request)
    assert (before.active, before.kind, before.member) == (
        True,
        access_pb2.CALLER_KIND_MEMBER,
        name_of("ana"),
    )
    assert (before.is_principal, after.is_principal) == (False, True)


async def test_unknown_member_secret_is_not_active(provisioning: Served) -> None:
    """A secret that only looks like a member's opens nothing."""
    request = access_pb2.IntrospectRequest(secret="pspg_mb_nobody")
    assert not (await provisioning.billing.access.Introspect(request)).active
    assert await refused(account_of(provisioning.caller("pspg_mb_nobody"))) == NOT_ACTIVE


async def test_principal_is_changed_with_a_trail(provisioning: Served) -> None:
    """Each change of the principal tells from whom, to whom, by whom and why."""
    ana, _, _ = await an_account(provisioning)
    made = await ana.set_principal("bia", reason="on leave")
    told = [
        (each.from_member, each.to_member, each.changed_by, each.reason)
        for each in await principal_changes(provisioning)
    ]
    assert made.is_principal
    assert told == [
        ("", name_of("ana"), "operator/admin", "x"),
        (name_of("ana"), name_of("bia"), "member/acme/ana", "on leave"),
    ]


async def test_only_the_principal_of_members_changes_the_principal(provisioning: Served) -> None:
    """An administrator is refused, and so is who was the principal a moment ago."""
    ana, bia, _ = await an_account(provisioning)
    assert await refused(bia.set_principal("bia")) == NEEDS_PRINCIPAL
    await ana.set_principal("bia")
    assert await refused(ana.set_principal("ana")) == NEEDS_PRINCIPAL
    assert (await bia.set_principal("ana")).is_principal


async def test_handing_over_twice_is_handing_over_once(provisioning: Served) -> None:
    """Who repeats the call that made another member the principal is answered as before."""
    ana, _, _ = await an_account(provisioning)
    request = member_pb2.SetPrincipalRequest(
        name=name_of("bia"), reason="on leave", request_id=new_id()
    )
    first = await ana.members.SetPrincipal(request)
    assert await ana.members.SetPrincipal(request) == first


async def test_same_principal_again_changes_nothing(provisioning: Served) -> None:
    """Making the principal the principal leaves no trail."""
    ana, _, _ = await an_account(provisioning)
    await ana.set_principal("ana")
    assert len(await principal_changes(provisioning)) == 1


async def test_user_changes_no_member(provisioning: Served) -> None:
    """A user neither adds, updates nor removes members, nor renews another's secret."""
    _, _, caio = await an_account(provisioning)
    update = member_pb2.UpdateMemberRequest(
        member=member_pb2.Member(name=name_of("caio"), role=ADMIN)
    )
    assert await refused(caio.create_member("dora")) == NEEDS_ADMIN
    assert await refused(caio.members.UpdateMember(update)) == NEEDS_ADMIN
    assert await refused(remove(caio, "bia")) == NEEDS_ADMIN
    assert await refused(rotate(caio, "bia")) == NEEDS_ADMIN


@pytest.mark.parametrize("member", ["ana", "bia"])
async def test_admin_and_principal_change_members(provisioning: Served, member: str) -> None:
    """The principal, whatever its role, and an administrator add and remove members."""
    ana, bia, _ = await an_account(provisioning)
    by = {"ana": ana, "bia": bia}[member]
    await by.create_member("dora")
    gone = await remove(by, "dora")
    assert (gone.secret_hint, gone.HasField("remove_time")) == ("", True)


async def test_mask_says_what_is_updated(provisioning: Served) -> None:
    """Without a mask what is set is changed; with one, what it names, be it emptied."""
    _, bia, _ = await an_account(provisioning)
    told = member_pb2.Member(name=name_of("caio"), display_name="Caio", email="c@example.com")
    first = await bia.members.UpdateMember(member_pb2.UpdateMemberRequest(member=told))
    emptied = member_pb2.UpdateMemberRequest(
        member=member_pb2.Member(name=name_of("caio")), update_mask=FieldMask(paths=["email"])
    )
    second = await bia.members.UpdateMember(emptied)
    assert (first.member.display_name, first.member.email) == ("Caio", "c@example.com")
    assert (second.member.display_name, second.member.email) == ("Caio", "")


async def test_new_secret_ends_the_old_one(provisioning: Served) -> None:
    """A member renews its own secret; the one before opens nothing from then on."""
    _, _, caio = await an_account(provisioning)
    renewed = provisioning.caller((await rotate(caio, "caio")).secret)
    assert await refused(account_of(caio)) == NOT_ACTIVE
    assert (await account_of(renewed)).name == "accounts/acme"


async def test_nobody_gets_hold_of_the_principals_secret(provisioning: Served) -> None:
    """An administrator renews others' secrets, the principal's aside."""
    _, bia, _ = await an_account(provisioning)
    assert (await rotate(bia, "caio")).secret
    assert await refused(rotate(bia, "ana")) == NEEDS_PRINCIPAL
    assert (await rotate(provisioning.operator, "ana")).secret


async def test_removed_member_is_out_at_once(provisioning: Served) -> None:
    """A removed member's secret opens nothing, and it can become nothing any more."""
    ana, _, caio = await an_account(provisioning)
    await remove(ana, "caio")
    gone = (CODE.FAILED_PRECONDITION, "MEMBER_REMOVED")
    assert await refused(account_of(caio)) == NOT_ACTIVE
    assert await refused(ana.set_principal("caio")) == gone
    assert await refused(rotate(ana, "caio")) == gone
    assert await refused(remove(ana, "caio")) == gone


async def test_principal_is_not_removed(provisioning: Served) -> None:
    """The principal stays until another one is."""
    _, bia, _ = await an_account(provisioning)
    assert await refused(remove(bia, "ana")) == (CODE.FAILED_PRECONDITION, "MEMBER_IS_PRINCIPAL")


async def test_list_leaves_out_who_was_removed(provisioning: Served) -> None:
    """The list has the members by name, in pages, with who is the principal."""
    ana, _, _ = await an_account(provisioning)
    await remove(ana, "bia")
    request = member_pb2.ListMembersRequest(parent="accounts/acme", page_size=1)
    first = await ana.members.ListMembers(request)
    request.page_token = first.next_page_token
    last = await ana.members.ListMembers(request)
    told = [(each.name, each.is_principal) for each in (*first.members, *last.members)]
    assert told == [(name_of("ana"), True), (name_of("caio"), False)]
    assert last.next_page_token == ""
