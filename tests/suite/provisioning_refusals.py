"""How to bring about each refusal that the provisioning service documents."""

from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from tests.suite.refusal_cases import Attempt, case, on_account, on_integrator, plain
from tests.suite.requests import sample
from tests.suite.world import DEFAULT_LADDER, SANDBOX_START, World

ACCOUNTS: Final = "provisioning.AccountService"
INTEGRATORS: Final = "provisioning.IntegratorService"
TOKENS: Final = "provisioning.TokenService"
INSTANCES: Final = "provisioning.InstanceService"
SANDBOXES: Final = "provisioning.SandboxService"
EVENTS: Final = "provisioning.EventService"
NO_ZONE: Final = 'account {time_zone: "Mars/Olympus"}'
UNKNOWN_MASK: Final = 'update_mask {paths: "create_time"}'
# The last rung is the only one that may be without limit.
BAD_LADDER: Final = "ladder {creations_max: 0 band: 1} ladder {creations_max: 5 band: 2}"

# --- accounts -------------------------------------------------------------------------------------

plain(f"{ACCOUNTS}.CreateAccount", "TIME_ZONE_UNKNOWN", more=NO_ZONE)
plain(
    f"{ACCOUNTS}.CreateAccount",
    "PARENT_ACCOUNT_NOT_FOUND",
    more='account {parent_account: "accounts/nobody"}',
)
plain(
    f"{ACCOUNTS}.CreateAccount",
    "SANDBOX_NOT_FOUND",
    more='account {sandbox: "sandboxes/nowhere"}',
)
plain(f"{ACCOUNTS}.GetAccount", "ACCOUNT_NOT_FOUND")
plain(f"{ACCOUNTS}.UpdateAccount", "ACCOUNT_NOT_FOUND")
on_account(f"{ACCOUNTS}.UpdateAccount", "FIELD_IMMUTABLE", more='update_mask {paths: "sandbox"}')
on_account(
    f"{ACCOUNTS}.UpdateAccount",
    "TIME_ZONE_UNKNOWN",
    more=f'{NO_ZONE} update_mask {{paths: "time_zone"}}',
)


@case(f"{ACCOUNTS}.CreateAccount", "ACCOUNT_ALREADY_EXISTS")
async def _taken_account(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.account()))


@case(f"{ACCOUNTS}.CreateAccount", "PARENT_IN_OTHER_SANDBOX")
async def _parent_elsewhere(world: World, rpc: str) -> Attempt:
    parent = await world.account(await world.sandbox())
    return Attempt(sample(rpc, more=f'account {{parent_account: "accounts/{parent}"}}'))


@case(f"{ACCOUNTS}.UpdateAccount", "TIME_ZONE_FIXED")
async def _zone_of_a_subscriber(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    await world.subscribed(owner)
    more = 'account {time_zone: "Europe/Oslo"} update_mask {paths: "time_zone"}'
    return Attempt(sample(rpc, account=owner.account, more=more))


# --- integrators ----------------------------------------------------------------------------------

plain(f"{INTEGRATORS}.EnrolIntegrator", "ACCOUNT_NOT_FOUND")
on_account(f"{INTEGRATORS}.EnrolIntegrator", "NOT_ELIGIBLE", more="programme {licences_min: 2}")
on_account(
    f"{INTEGRATORS}.EnrolIntegrator", "INVALID_PROGRAMME", more=f"programme {{{BAD_LADDER}}}"
)
on_integrator(f"{INTEGRATORS}.EnrolIntegrator", "ALREADY_ENROLLED")
on_account(f"{INTEGRATORS}.GetIntegrator", "NOT_ENROLLED")
on_account(f"{INTEGRATORS}.UpdateIntegrator", "NOT_ENROLLED")
on_integrator(f"{INTEGRATORS}.UpdateIntegrator", "FIELD_IMMUTABLE", more=UNKNOWN_MASK)
on_integrator(
    f"{INTEGRATORS}.UpdateIntegrator",
    "INVALID_PROGRAMME",
    more=f'integrator {{programme {{{BAD_LADDER}}}}} update_mask {{paths: "programme.ladder"}}',
)

# --- tokens ---------------------------------------------------------------------------------------

on_account(f"{TOKENS}.RequestToken", "NOT_ENROLLED")
for _verb in ("ApproveToken", "DeclineToken", "GetToken", "RotateToken", "RevokeToken"):
    on_integrator(f"{TOKENS}.{_verb}", "TOKEN_NOT_FOUND", token="98")
for _verb in ("ApproveToken", "DeclineToken"):
    on_integrator(f"{TOKENS}.{_verb}", "TOKEN_NOT_REQUESTED", token="1")


@case(f"{TOKENS}.RotateToken", "TOKEN_NOT_ISSUED")
@case(f"{TOKENS}.RevokeToken", "TOKEN_NOT_ISSUED")
async def _token_without_secret(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, account=await world.awaiting_approval(), token="2"))


@case(f"{TOKENS}.RequestToken", "TOKEN_ALREADY_REQUESTED")
async def _second_request(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, account=await world.awaiting_approval()))


@case(f"{TOKENS}.RequestToken", "LADDER_COMPLETE")
async def _request_after_the_last(world: World, rpc: str) -> Attempt:
    owner = await world.integrator("ladder {creations_max: 0 band: 1}")
    return Attempt(sample(rpc, account=owner.account), owner.secret)


# --- instances ------------------------------------------------------------------------------------

plain(f"{INSTANCES}.CreateInstance", "ACCOUNT_NOT_FOUND")
on_account(f"{INSTANCES}.CreateInstance", "NOT_ENROLLED")
for _verb in ("GetInstance", "SubscribeInstance", "CancelInstance"):
    on_integrator(f"{INSTANCES}.{_verb}", "INSTANCE_NOT_FOUND")
for _verb in ("SuspendInstance", "ResumeInstance"):
    on_integrator(f"{INSTANCES}.{_verb}", "INSTANCE_NOT_FOUND")
plain(f"{INSTANCES}.ImportInstance", "ACCOUNT_NOT_FOUND")
on_integrator(f"{INSTANCES}.ImportInstance", "ALREADY_ENROLLED")
on_account(f"{INSTANCES}.ImportInstance", "INSTANCE_ALREADY_EXISTS", new="licence")
on_account(
    f"{INSTANCES}.ImportInstance",
    "PAID_THROUGH_PAST",
    more="paid_through_date {year: 2020 month: 1 day: 31}",
)


@case(f"{INSTANCES}.CreateInstance", "QUOTA_USED_UP")
async def _creation_past_the_quota(world: World, rpc: str) -> Attempt:
    owner = await world.integrator(
        "ladder {creations_max: 1 band: 1} ladder {creations_max: 0 band: 2}"
    )
    await world.trial(owner)
    return Attempt(sample(rpc, account=owner.account), owner.secret)


@case(f"{INSTANCES}.CreateInstance", "TOKEN_NOT_YET_USABLE")
async def _creation_with_an_early_token(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    early = await world.next_token(owner.account)
    return Attempt(sample(rpc, account=owner.account), early.secret)


@case(f"{INSTANCES}.CreateInstance", "ACCOUNT_UNPAID")
async def _creation_while_unpaid(world: World, rpc: str) -> Attempt:
    owner = await world.unpaid()
    return Attempt(sample(rpc, account=owner.account), owner.secret)


@case(f"{INSTANCES}.SubscribeInstance", "ACCOUNT_UNPAID")
async def _subscription_while_unpaid(world: World, rpc: str) -> Attempt:
    owner = await world.unpaid()
    return Attempt(sample(rpc, account=owner.account, instance="on-trial"), owner.secret)


@case(f"{INSTANCES}.CreateInstance", "TRIAL_TOO_LONG")
async def _long_trial(world: World, rpc: str) -> Attempt:
    owner = await world.integrator(f"{DEFAULT_LADDER} trial_length_max {{seconds: 172800}}")
    more = "trial_length {seconds: 172801}"
    return Attempt(sample(rpc, account=owner.account, more=more), owner.secret)


@case(f"{INSTANCES}.CreateInstance", "INSTANCE_ALREADY_EXISTS")
async def _taken_instance(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    await world.trial(owner)
    return Attempt(sample(rpc, account=owner.account, new="one"), owner.secret)


@case(f"{INSTANCES}.SubscribeInstance", "ILLEGAL_TRANSITION")
@case(f"{INSTANCES}.CancelInstance", "ILLEGAL_TRANSITION")
@case(f"{INSTANCES}.SuspendInstance", "ILLEGAL_TRANSITION")
@case(f"{INSTANCES}.ResumeInstance", "ILLEGAL_TRANSITION")
async def _deleted_instance(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    await world.trial(owner)
    await world.on_instance("CancelInstance", owner.account)
    return Attempt(sample(rpc, account=owner.account, instance="one"))


# --- sandboxes ------------------------------------------------------------------------------------

plain(f"{SANDBOXES}.GetSandbox", "SANDBOX_NOT_FOUND")
plain(f"{SANDBOXES}.AdvanceSandbox", "SANDBOX_NOT_FOUND")


@case(f"{SANDBOXES}.GetSandbox", "ACCESS_DENIED")
@case(f"{SANDBOXES}.AdvanceSandbox", "ACCESS_DENIED")
async def _sandbox_of_another(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    return Attempt(sample(rpc, sandbox=await world.sandbox()), owner.secret)


@case(f"{SANDBOXES}.CreateSandbox", "SANDBOX_ALREADY_EXISTS")
async def _taken_sandbox(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, new=await world.sandbox()))


@case(f"{SANDBOXES}.CreateSandbox", "ACCOUNT_ALREADY_EXISTS")
async def _sandbox_with_a_taken_account(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    return Attempt(sample(rpc, more=f'account_id: "{owner.account}"'), owner.secret)


@case(f"{SANDBOXES}.CreateSandbox", "SANDBOX_LIMIT_REACHED")
async def _sixth_sandbox(world: World, rpc: str) -> Attempt:
    owner = await world.integrator()
    for _ in range(5):
        await world.do(rpc, sample(rpc), owner.secret)
    return Attempt(sample(rpc), owner.secret)


@case(f"{SANDBOXES}.CreateSandbox", "SANDBOX_INSIDE_SANDBOX")
async def _sandbox_of_a_sandboxed_account(world: World, rpc: str) -> Attempt:
    owner = await world.integrator(sandbox=await world.sandbox())
    return Attempt(sample(rpc), owner.secret)


@case(f"{SANDBOXES}.AdvanceSandbox", "TIME_NOT_AHEAD")
async def _advance_into_the_past(world: World, rpc: str) -> Attempt:
    return Attempt(sample(rpc, sandbox=await world.sandbox()))


@case(f"{SANDBOXES}.AdvanceSandbox", "ADVANCE_TOO_FAR")
async def _advance_past_ten_years(world: World, rpc: str) -> Attempt:
    request: Any = sample(rpc, sandbox=await world.sandbox())
    far = SANDBOX_START.replace(year=SANDBOX_START.year + 11)
    request.to_time.CopyFrom(Timestamp(seconds=int(far.timestamp())))
    return Attempt(request)


@case(f"{SANDBOXES}.AdvanceSandbox", "ACCOUNT_PARKED")
async def _advance_past_what_cannot_be_done(world: World, rpc: str) -> Attempt:
    sandbox = await world.sandbox()
    owner = await world.integrator(sandbox=sandbox)
    await world.trial(owner)
    await world.park("provisioning", owner.account)
    request: Any = sample(rpc, sandbox=sandbox)
    request.to_time.CopyFrom(Timestamp(seconds=int(SANDBOX_START.timestamp()) + 30 * 86_400))
    return Attempt(request)


# --- feed -----------------------------------------------------------------------------------------

for _verb in ("ListEvents", "WatchEvents"):
    plain(f"{EVENTS}.{_verb}", "POSITION_OUT_OF_RANGE", more="after {epoch: 99 seq: 1}")
