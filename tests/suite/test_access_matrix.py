"""Who may call what: the committed matrix against the contract, and against the real services.

`access_matrix.csv` has a row for each rpc. Its columns are kinds of caller; for integrators, what
the request names: their own account (or nothing), a foreign one, or all. A dash: there is no such
call. `MEMBER` is an administrator of the account that the request names, `PRINCIPAL` its principal.
"""

import csv
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from tests.suite.calling import Outcome, call_all, call_rpc
from tests.suite.clients import Clients
from tests.suite.contracts import RpcContract, rpcs
from tests.suite.in_process import RunningSuite, empty_databases, running_suite
from tests.suite.requests import sample

MATRIX: Final = Path(__file__).with_name("access_matrix.csv")
COLUMNS: Final = (
    "NONE",
    "SERVICE",
    "OPERATOR",
    "INTEGRATOR:own",
    "INTEGRATOR:foreign",
    "INTEGRATOR:all",
    "MEMBER",
    "PRINCIPAL",
)
REFUSED: Final = {
    "UNAUTHENTICATED": "UNAUTHENTICATED",
    "ACCESS_DENIED": "PERMISSION_DENIED",
    "PRINCIPAL_NEEDED": "PERMISSION_DENIED",
}
# An integrator's own sandboxes are judged by the servicer, not by the access option.
NAMES_SANDBOX: Final = frozenset(
    {"provisioning.SandboxService.GetSandbox", "provisioning.SandboxService.AdvanceSandbox"}
)
# Without an account, an estimate is for nobody in particular: the operator's to ask for.
NAMES_ALL: Final = frozenset(
    {
        "billing.InvoiceService.ListInvoices",
        "billing.ReviewService.ListReviews",
        "billing.EstimateService.Estimate",
    }
)
WRONG_SECRETS: Final = (
    "",
    "nonsense",
    "pspg_op_wrong",
    "pspg_sv_wrong",
    "pspg_it_wrong",
    "pspg_mb_wrong",
)


def read_matrix() -> dict[str, dict[str, str]]:
    """What each rpc answers each kind of caller, as committed."""
    with MATRIX.open(encoding="ascii", newline="") as file:
        return {row.pop("rpc"): row for row in csv.DictReader(file)}


@dataclass(frozen=True, slots=True)
class World:
    """The services with two integrators; `mine` calls, and `theirs` is what it must not see.

    `admin` and `principal` are the secrets of members of `mine`.
    """

    suite: RunningSuite
    operator: Clients
    mine: str
    admin: str
    principal: str

    def channel(self, rpc: RpcContract) -> Any:
        return self.operator.billing if rpc.package == "billing" else self.operator.provisioning

    async def call(self, rpc: RpcContract, request: Any, secret: str) -> Outcome:
        return await call_rpc(self.channel(rpc), rpc, request, secret=secret)


@pytest_asyncio.fixture(scope="module", params=["sqlite", "postgresql"])
async def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """Both services on each store, with the integrators `mine` and `theirs`."""
    with ExitStack() as stack:
        urls = {}
        if request.param == "postgresql":
            urls = stack.enter_context(empty_databases(request.getfixturevalue("postgres")))
        folder = tmp_path_factory.mktemp("access")
        async with running_suite(folder, database_urls=urls) as suite:
            operator = suite.clients()
            secret = await operator.enrol("mine")
            theirs = await operator.enrol("theirs")
            await operator.create_instance("theirs", theirs, "one")
            for owner, credential in (("mine", secret), ("theirs", theirs)):
                await _create_sandbox(operator, f"lab-of-{owner}", credential)
            members = [await _join(operator, name) for name in ("admin", "principal")]
            yield World(suite, operator, secret, *members)
            await operator.close()


@pytest.mark.parametrize("kind", COLUMNS)
def test_matrix_states_an_answer_for_every_rpc(kind: str) -> None:
    """The matrix has exactly the rpcs of the contract, each with an answer in each column."""
    matrix = read_matrix()
    assert set(matrix) == set(rpcs())
    stated = {row[kind] for row in matrix.values()}
    assert stated <= {"allowed", "-", *REFUSED}
    if kind in {"NONE", "SERVICE", "OPERATOR", "INTEGRATOR:own", "MEMBER", "PRINCIPAL"}:
        assert "-" not in stated


@pytest.mark.parametrize("name", sorted(rpcs()))
def test_matrix_agrees_with_the_contract(name: str) -> None:
    """A row says what the access option of its rpc says."""
    rpc, row = rpcs()[name], read_matrix()[name]
    for kind in ("SERVICE", "OPERATOR", "INTEGRATOR"):
        column = f"{kind}:own" if kind == "INTEGRATOR" else kind
        assert row[column] == ("allowed" if kind in rpc.callers else "ACCESS_DENIED")
    assert row["NONE"] == "UNAUTHENTICATED"
    names_somebody = bool(rpc.account_field) or name in NAMES_SANDBOX
    assert row["INTEGRATOR:foreign"] == ("ACCESS_DENIED" if names_somebody else "-")
    assert row["INTEGRATOR:all"] == ("ACCESS_DENIED" if _may_name_all(rpc) else "-")
    admits_members = "MEMBER" in rpc.callers
    member = "PRINCIPAL_NEEDED" if rpc.principal_only else "allowed"
    assert row["MEMBER"] == (member if admits_members else "ACCESS_DENIED")
    assert row["PRINCIPAL"] == ("allowed" if admits_members else "ACCESS_DENIED")


@pytest.mark.parametrize("name", sorted(rpcs()))
def test_rpcs_for_the_principal_document_so(name: str) -> None:
    """An rpc that is for the principal alone lists the refusal of all other members."""
    rpc = rpcs()[name]
    assert not rpc.principal_only or "PRINCIPAL_NEEDED" in rpc.reasons


@pytest.mark.parametrize(
    "kind", ["NONE", "SERVICE", "OPERATOR", "INTEGRATOR:own", "MEMBER", "PRINCIPAL"]
)
async def test_services_answer_as_the_matrix_says(world: World, kind: str) -> None:
    """Each kind of caller is let in, or refused with code and reason, as the matrix says."""
    secrets = {
        "NONE": "",
        "SERVICE": world.suite.service_secret,
        "OPERATOR": world.suite.operator_secret,
        "INTEGRATOR:own": world.mine,
        "MEMBER": world.admin,
        "PRINCIPAL": world.principal,
    }
    matrix, names = read_matrix(), sorted(rpcs())
    outcomes = await call_all(
        [world.call(rpcs()[name], _own(name), secrets[kind]) for name in names]
    )
    wrong = {
        name: f"{outcome.code} {outcome.reason}, not {matrix[name][kind]}"
        for name, outcome in zip(names, outcomes, strict=True)
        if not _agrees(outcome, matrix[name][kind])
    }
    assert not wrong


@pytest.mark.parametrize("secret", WRONG_SECRETS)
async def test_a_secret_of_nobody_is_no_credential(world: World, secret: str) -> None:
    """Every rpc refuses a wrong secret as it refuses none, whatever kind it pretends to be."""
    outcomes = await call_all([world.call(rpc, _own(rpc.name), secret) for rpc in rpcs().values()])
    assert {(each.code, each.reason) for each in outcomes} == {
        ("UNAUTHENTICATED", "UNAUTHENTICATED")
    }


async def test_a_foreign_account_is_refused_the_same_whether_it_exists_or_not(
    world: World,
) -> None:
    """An integrator learns nothing about accounts and sandboxes that are not its own."""
    matrix = read_matrix()
    names = [name for name in sorted(rpcs()) if matrix[name]["INTEGRATOR:foreign"] != "-"]
    outcomes = await call_all(
        [
            world.call(rpcs()[name], _of(name, owner), world.mine)
            for name in names
            for owner in ("theirs", "nobody")
        ]
    )
    for name, theirs, nobodys in zip(names, outcomes[::2], outcomes[1::2], strict=True):
        assert theirs.reason == matrix[name]["INTEGRATOR:foreign"], name
        assert theirs == nobodys, name


@pytest.mark.parametrize("kind", ["MEMBER", "PRINCIPAL"])
async def test_a_member_is_denied_a_foreign_account(world: World, kind: str) -> None:
    """A member, the principal too, is denied what is not its account's, there or not."""
    admitting = [rpc for _, rpc in sorted(rpcs().items()) if "MEMBER" in rpc.callers]
    names = [rpc.name for rpc in admitting if rpc.account_field]
    secret = {"MEMBER": world.admin, "PRINCIPAL": world.principal}[kind]
    outcomes = await call_all(
        [
            world.call(rpcs()[name], _of(name, owner), secret)
            for name in names
            for owner in ("theirs", "nobody")
        ]
    )
    assert {(each.code, each.reason) for each in outcomes} == {
        ("PERMISSION_DENIED", "ACCESS_DENIED")
    }


async def test_an_integrator_may_not_ask_for_all_accounts(world: World) -> None:
    """Where an rpc can name all accounts, an integrator must name its own."""
    matrix = read_matrix()
    names = [name for name in sorted(rpcs()) if matrix[name]["INTEGRATOR:all"] != "-"]
    outcomes = await call_all(
        [world.call(rpcs()[name], _of_all(name), world.mine) for name in names]
    )
    assert [each.reason for each in outcomes] == [matrix[name]["INTEGRATOR:all"] for name in names]


def _agrees(outcome: Outcome, stated: str) -> bool:
    """Whether a call was let in, or refused, as the matrix states."""
    if stated == "allowed":
        return outcome.code not in REFUSED.values()
    return (outcome.code, outcome.reason) == (REFUSED[stated], stated)


def _may_name_all(rpc: RpcContract) -> bool:
    """Whether the contract lets a request stand for all accounts."""
    return rpc.name in NAMES_ALL or rpc.name.endswith(
        ("EventService.ListEvents", "EventService.WatchEvents")
    )


def _own(name: str) -> Any:
    """A request about the caller's own account, which harms nothing that other tests need."""
    return sample(name, account="mine", sandbox="lab-of-mine")


def _of(name: str, owner: str) -> Any:
    """A request about somebody else's things, which are there if the owner is."""
    return sample(name, account=owner, sandbox=f"lab-of-{owner}", instance="one", token="1")


def _of_all(name: str) -> Any:
    """A request about all accounts."""
    request = sample(name)
    if rpcs()[name].field("parent") is not None:
        request.parent = "accounts/-"
    else:
        request.ClearField("account")
    return request


async def _join(operator: Clients, name: str) -> str:
    """The secret of a member of `mine`: an administrator, its principal if that is its name."""
    request = sample("provisioning.MemberService.CreateMember", account="mine", new=name)
    secret: str = (await operator.call(operator.members.CreateMember, request)).secret
    if name == "principal":
        chosen = sample("provisioning.MemberService.SetPrincipal", account="mine", member=name)
        await operator.call(operator.members.SetPrincipal, chosen)
    return secret


async def _create_sandbox(operator: Clients, sandbox: str, secret: str) -> None:
    request = sample("provisioning.SandboxService.CreateSandbox", new=sandbox)
    await operator.call(operator.sandboxes.CreateSandbox, request, secret=secret)
