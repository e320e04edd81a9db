"""How to bring about each refusal that is documented of members, resources and entitlements."""

from typing import Final

from tests.suite.holding_ready import MEMBERS, RESOURCES, entitled, member, resource
from tests.suite.refusal_cases import Attempt, case, on_account, plain
from tests.suite.requests import sample
from tests.suite.world import World

ENTITLEMENTS: Final = "provisioning.EntitlementService"
_GONE: Final = ("UpdateMember", "RemoveMember", "RotateMemberSecret", "SetPrincipal")

# --- members --------------------------------------------------------------------------------------

plain(f"{MEMBERS}.CreateMember", "ACCOUNT_NOT_FOUND")
for _verb in ("GetMember", *_GONE):
    on_account(f"{MEMBERS}.{_verb}", "MEMBER_NOT_FOUND")


async def _removed_member(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name, _ = await member(world, account)
    removal = f"{MEMBERS}.RemoveMember"
    await world.do(removal, sample(removal, account=account, member=name))
    return Attempt(sample(rpc, account=account, member=name))


async def _by_user(world: World, rpc: str) -> Attempt:
    account = await world.account()
    other, _ = await member(world, account)
    _, secret = await member(world, account)
    return Attempt(sample(rpc, account=account, member=other), secret)


for _verb in _GONE:
    case(f"{MEMBERS}.{_verb}", "MEMBER_REMOVED")(_removed_member)
for _verb in ("CreateMember", "UpdateMember", "RemoveMember", "RotateMemberSecret"):
    case(f"{MEMBERS}.{_verb}", "ADMIN_NEEDED")(_by_user)


@case(f"{MEMBERS}.CreateMember", "MEMBER_ALREADY_EXISTS")
async def _taken_member(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name, _ = await member(world, account)
    return Attempt(sample(rpc, account=account, new=name))


@case(f"{MEMBERS}.UpdateMember", "FIELD_IMMUTABLE")
async def _unknown_mask(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name, _ = await member(world, account)
    more = 'update_mask {paths: "create_time"}'
    return Attempt(sample(rpc, account=account, member=name, more=more))


@case(f"{MEMBERS}.RemoveMember", "MEMBER_IS_PRINCIPAL")
async def _principal_to_remove(world: World, rpc: str) -> Attempt:
    account = await world.account()
    name, _ = await member(world, account, is_principal=True)
    return Attempt(sample(rpc, account=account, member=name))


@case(f"{MEMBERS}.RotateMemberSecret", "PRINCIPAL_NEEDED")
@case(f"{MEMBERS}.SetPrincipal", "PRINCIPAL_NEEDED")
async def _principal_by_admin(world: World, rpc: str) -> Attempt:
    account = await world.account()
    principal, _ = await member(world, account, is_principal=True)
    _, secret = await member(world, account, role="ROLE_ADMIN")
    return Attempt(sample(rpc, account=account, member=principal), secret)


# --- resources ------------------------------------------------------------------------------------

plain(f"{RESOURCES}.CreateResource", "ACCOUNT_NOT_FOUND")
on_account(f"{RESOURCES}.CreateResource", "FEATURE_NOT_INCLUDED")
for _verb in ("GetResource", "RemoveResource"):
    on_account(f"{RESOURCES}.{_verb}", "RESOURCE_NOT_FOUND")


@case(f"{RESOURCES}.CreateResource", "ADMIN_NEEDED")
@case(f"{RESOURCES}.RemoveResource", "ADMIN_NEEDED")
async def _resource_by_user(world: World, rpc: str) -> Attempt:
    account = await world.account()
    _, secret = await member(world, account)
    return Attempt(sample(rpc, account=account), secret)


@case(f"{RESOURCES}.CreateResource", "RESOURCE_ALREADY_EXISTS")
async def _taken_resource(world: World, rpc: str) -> Attempt:
    account = await entitled(world)
    return Attempt(sample(rpc, account=account, new=await resource(world, account)))


@case(f"{RESOURCES}.CreateResource", "LIMIT_REACHED")
async def _third_seat(world: World, rpc: str) -> Attempt:
    account = await entitled(world)
    for _ in range(2):
        await resource(world, account)
    return Attempt(sample(rpc, account=account))


@case(f"{RESOURCES}.CreateResource", "ACCOUNT_UNPAID")
async def _seat_while_unpaid(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, account=(await world.unpaid()).account))


@case(f"{RESOURCES}.RemoveResource", "RESOURCE_REMOVED")
async def _removed_resource(world: World, rpc: str) -> Attempt:
    account = await entitled(world)
    request = sample(rpc, account=account, resource=await resource(world, account))
    await world.do(rpc, request)
    return Attempt(sample(rpc, account=account, resource=request.name.rpartition("/")[2]))


# --- entitlements ---------------------------------------------------------------------------------

for _verb in ("CheckEntitlement", "GetEntitlements"):
    plain(f"{ENTITLEMENTS}.{_verb}", "ACCOUNT_NOT_FOUND")
