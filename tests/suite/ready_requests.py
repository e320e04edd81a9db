"""For each rpc that writes: a request that would succeed, once what it is about is there."""

from typing import Any, Final

from tests.suite.change_world import CHANGE_READY
from tests.suite.credit_note_world import CREDIT_NOTE_READY
from tests.suite.credit_world import CREDIT_READY
from tests.suite.draft_world import DRAFT_READY
from tests.suite.holding_ready import HOLDING_READY
from tests.suite.one_off_world import ONE_OFF_READY
from tests.suite.payment_world import PAYMENT_READY
from tests.suite.requests import sample
from tests.suite.usage_ready import USAGE_READY, Ready
from tests.suite.world import DEFAULT_LADDER, World, series

_TOKENS: Final = "provisioning.TokenService"
_INSTANCES: Final = "provisioning.InstanceService"
_TAXES: Final = "billing.TaxProfileService"
_PRICE_CHANGES: Final = "billing.PriceChangeService"


async def ready_request(world: World, rpc: str, sandbox: str = "") -> Any:
    """A request that would succeed, about something new, in a sandbox if one is named."""
    return await _READY[rpc](world, sandbox)


def _on_account(rpc: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        return sample(rpc, account=await world.prepaid_account(sandbox))

    return build


def _on_integrator(rpc: str, token: int = 1) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        owner = await world.integrator(sandbox=sandbox)
        return sample(rpc, account=owner.account, token=str(token))

    return build


def _on_requested_token(rpc: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        return sample(rpc, account=await world.awaiting_approval(sandbox), token="2")

    return build


def _on_trial(rpc: str, *before: str) -> Ready:
    async def build(world: World, sandbox: str) -> Any:
        owner = await world.integrator(DEFAULT_LADDER, sandbox=sandbox)
        await world.trial(owner)
        for verb in before:
            await world.on_instance(verb, owner.account)
        return sample(rpc, account=owner.account, instance="one")

    return build


async def _create_account(_world: World, sandbox: str) -> Any:
    more = f'account {{sandbox: "sandboxes/{sandbox}"}}' if sandbox else ""
    return sample("provisioning.AccountService.CreateAccount", more=more)


async def _create_sandbox(_world: World, _sandbox: str) -> Any:
    return sample("provisioning.SandboxService.CreateSandbox")


async def _advance_sandbox(_world: World, sandbox: str) -> Any:
    return sample(
        "provisioning.SandboxService.AdvanceSandbox",
        sandbox=sandbox,
        more="to_time {seconds: 1769000000}",
    )


async def _create_issuer(_world: World, _sandbox: str) -> Any:
    more = f'issuer {{invoice_series: "{series()}"}}'
    return sample("billing.IssuerService.CreateIssuer", more=more)


async def _update_issuer(world: World, _sandbox: str) -> Any:
    return sample("billing.IssuerService.UpdateIssuer", issuer=await world.issuer())


def _of_nothing(rpc: str) -> Ready:
    async def build(_world: World, _sandbox: str) -> Any:
        return sample(rpc)

    return build


async def _add_plan_version(world: World, _sandbox: str) -> Any:
    return sample("billing.CatalogService.AddPlanVersion", plan=await world.plan())


async def _add_tax_profile_version(world: World, _sandbox: str) -> Any:
    return sample(f"{_TAXES}.AddTaxProfileVersion", tax_profile=await world.tax_profile())


async def _create_price_change(world: World, sandbox: str) -> Any:
    account, plan = await world.account(sandbox), await world.plan()
    return sample(f"{_PRICE_CHANGES}.CreatePriceChange", account=account, plan=plan)


async def _cancel_price_change(world: World, sandbox: str) -> Any:
    account = await world.account(sandbox)
    name = await world.price_change(account)
    return sample(f"{_PRICE_CHANGES}.CancelPriceChange", account=account, price_change=name)


async def _add_terms_version(world: World, _sandbox: str) -> Any:
    return sample("billing.TermsService.AddTermsVersion", terms=await world.terms())


async def _reverse_payment(world: World, sandbox: str) -> Any:
    account = await world.account(sandbox)
    payment = await world.payment(account)
    return sample("billing.PaymentService.ReversePayment", account=account, payment=payment)


_READY: Final[dict[str, Ready]] = {
    **USAGE_READY,
    **CHANGE_READY,
    **HOLDING_READY,
    **CREDIT_READY,
    **CREDIT_NOTE_READY,
    **DRAFT_READY,
    **ONE_OFF_READY,
    **PAYMENT_READY,
    "provisioning.AccountService.CreateAccount": _create_account,
    "provisioning.AccountService.UpdateAccount": _on_account(
        "provisioning.AccountService.UpdateAccount"
    ),
    "provisioning.IntegratorService.EnrolIntegrator": _on_account(
        "provisioning.IntegratorService.EnrolIntegrator"
    ),
    "provisioning.IntegratorService.UpdateIntegrator": _on_integrator(
        "provisioning.IntegratorService.UpdateIntegrator"
    ),
    f"{_TOKENS}.RequestToken": _on_integrator(f"{_TOKENS}.RequestToken"),
    f"{_TOKENS}.ApproveToken": _on_requested_token(f"{_TOKENS}.ApproveToken"),
    f"{_TOKENS}.DeclineToken": _on_requested_token(f"{_TOKENS}.DeclineToken"),
    f"{_TOKENS}.RotateToken": _on_integrator(f"{_TOKENS}.RotateToken"),
    f"{_TOKENS}.RevokeToken": _on_integrator(f"{_TOKENS}.RevokeToken"),
    f"{_INSTANCES}.CreateInstance": _on_integrator(f"{_INSTANCES}.CreateInstance"),
    f"{_INSTANCES}.SubscribeInstance": _on_trial(f"{_INSTANCES}.SubscribeInstance"),
    f"{_INSTANCES}.CancelInstance": _on_trial(f"{_INSTANCES}.CancelInstance"),
    f"{_INSTANCES}.SuspendInstance": _on_trial(f"{_INSTANCES}.SuspendInstance"),
    f"{_INSTANCES}.ResumeInstance": _on_trial(f"{_INSTANCES}.ResumeInstance", "SuspendInstance"),
    f"{_INSTANCES}.ImportInstance": _on_account(f"{_INSTANCES}.ImportInstance"),
    "provisioning.SandboxService.CreateSandbox": _create_sandbox,
    "provisioning.SandboxService.AdvanceSandbox": _advance_sandbox,
    "billing.IssuerService.CreateIssuer": _create_issuer,
    "billing.IssuerService.UpdateIssuer": _update_issuer,
    "billing.BillingProfileService.UpdateBillingProfile": _on_account(
        "billing.BillingProfileService.UpdateBillingProfile"
    ),
    "billing.CatalogService.CreatePlan": _of_nothing("billing.CatalogService.CreatePlan"),
    "billing.CatalogService.AddPlanVersion": _add_plan_version,
    "billing.CatalogService.ApplyCatalog": _of_nothing("billing.CatalogService.ApplyCatalog"),
    "billing.MeterService.CreateMeter": _of_nothing("billing.MeterService.CreateMeter"),
    f"{_TAXES}.CreateTaxProfile": _of_nothing(f"{_TAXES}.CreateTaxProfile"),
    f"{_TAXES}.AddTaxProfileVersion": _add_tax_profile_version,
    f"{_PRICE_CHANGES}.CreatePriceChange": _create_price_change,
    f"{_PRICE_CHANGES}.CancelPriceChange": _cancel_price_change,
    "billing.PaymentService.RecordPayment": _on_account("billing.PaymentService.RecordPayment"),
    "billing.PaymentService.ReversePayment": _reverse_payment,
    "billing.TermsService.CreateTerms": _of_nothing("billing.TermsService.CreateTerms"),
    "billing.TermsService.AddTermsVersion": _add_terms_version,
}
