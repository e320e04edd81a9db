"""Members, resources and entitlements of a world, and requests about them that succeed."""

from typing import Any, Final

from tests.suite.requests import fresh, sample
from tests.suite.usage_ready import Ready
from tests.suite.world import World

MEMBERS: Final = "provisioning.MemberService"
RESOURCES: Final = "provisioning.ResourceService"


async def member(
    world: World, account: str, *, role: str = "ROLE_USER", is_principal: bool = False
) -> tuple[str, str]:
    """A member of an account; gives its id and its secret."""
    rpc, name = f"{MEMBERS}.CreateMember", fresh("member")
    request = sample(rpc, account=account, new=name)
    request.member.role = role
    secret = (await world.do(rpc, request)).secret
    if is_principal:
        await world.do(
            f"{MEMBERS}.SetPrincipal",
            sample(f"{MEMBERS}.SetPrincipal", account=account, member=name),
        )
    return name, secret


async def entitled(world: World, sandbox: str = "") -> str:
    """An account that is subscribed to a plan with two seats."""
    account, plan = await world.account(sandbox), fresh("plan")
    rpc = "billing.CatalogService.CreatePlan"
    request = sample(rpc, new=plan)
    limit = request.plan.versions[0].limits.add(code="seat")
    limit.quantity.value = "2"
    await world.do(rpc, request)
    rpc = "billing.SubscriptionService.CreateSubscription"
    await world.do(rpc, sample(rpc, account=account, plan=plan, new="desk"))
    return account


async def resource(world: World, account: str) -> str:
    """A seat of an account; gives its id."""
    rpc, name = f"{RESOURCES}.CreateResource", fresh("seat")
    await world.do(rpc, sample(rpc, account=account, new=name))
    return name


def _on_member(verb: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        account = await world.account(sandbox)
        name, _ = await member(world, account)
        return sample(f"{MEMBERS}.{verb}", account=account, member=name)

    return build


async def _create_member(world: World, sandbox: str) -> Any:
    return sample(f"{MEMBERS}.CreateMember", account=await world.account(sandbox))


async def _create_resource(world: World, sandbox: str) -> Any:
    return sample(f"{RESOURCES}.CreateResource", account=await entitled(world, sandbox))


async def _remove_resource(world: World, sandbox: str) -> Any:
    account = await entitled(world, sandbox)
    name = await resource(world, account)
    return sample(f"{RESOURCES}.RemoveResource", account=account, resource=name)


HOLDING_READY: Final[dict[str, Ready]] = {
    f"{MEMBERS}.CreateMember": _create_member,
    **{
        f"{MEMBERS}.{verb}": _on_member(verb)
        for verb in ("UpdateMember", "RemoveMember", "RotateMemberSecret", "SetPrincipal")
    },
    f"{RESOURCES}.CreateResource": _create_resource,
    f"{RESOURCES}.RemoveResource": _remove_resource,
}
