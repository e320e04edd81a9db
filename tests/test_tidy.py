"""The rules of the house, held over every file of ours, and seen to catch what they forbid."""

from collections import Counter
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Final

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests import house_rules
from tests.conftest import LONGEST
from tests.house_rules import Rule, Source

ROOT: Final = Path(__file__).resolve().parent.parent
PRODUCT: Final = ("billing_service", "chassis", "gateway", "pospago_cli", "provisioning_service")
FOLDERS: Final = {*PRODUCT, "benchmarks", "docs", "examples", "protos", "requirements", "tests"}
# Left behind by builds and runs, and ignored by git.
LEFTOVERS: Final = {"__pycache__", "build", "data", "dist", "var"}
# Whose enum of the contract lists the reasons of a package.
CONTRACTS: Final = {
    "billing_service": ("pospago.billing.v1", "pospago.access.v1"),
    "chassis": ("pospago.access.v1",),
    "gateway": ("pospago.access.v1",),
    "provisioning_service": ("pospago.provisioning.v1", "pospago.access.v1"),
}
EVERYWHERE: Final = (
    house_rules.vague_names,
    house_rules.long_files,
    house_rules.long_functions,
    house_rules.silenced_without_code,
)
IN_PRODUCT: Final = (
    house_rules.floats_in_domain,
    house_rules.impure_domain,
    house_rules.commits_outside_chassis,
    house_rules.undocumented,
)
DOCUMENTED: Final = '"""Says."""\n'


@pytest.mark.parametrize("rule", EVERYWHERE)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    """No file of the repository breaks a rule for all files."""
    assert list(chain.from_iterable(map(rule, _sources(*PRODUCT, "tests", "benchmarks")))) == []


@pytest.mark.parametrize("rule", IN_PRODUCT)
def test_product_keeps_the_rule(rule: Rule) -> None:
    """No file of the product breaks a rule for what we ship."""
    assert list(chain.from_iterable(map(rule, _sources(*PRODUCT)))) == []


def test_every_test_says_what_is_true() -> None:
    """Each test function has a docstring of one sentence."""
    assert list(chain.from_iterable(map(house_rules.untold_tests, _sources("tests")))) == []


def test_top_level_folders_are_the_designed_ones() -> None:
    """No folder appears at the top without a place in the design."""
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    assert folders - LEFTOVERS - FOLDERS == set()


def test_files_that_start_first_exist() -> None:
    """Each file that is to run first is where it is said to be."""
    assert [name for name in LONGEST if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("package", CONTRACTS)
def test_each_reason_belongs_to_one_failure(package: str) -> None:
    """No two failures of a package share a reason."""
    reasons = Counter(reason for _, reason in _reasons(package))
    assert [reason for reason, uses in reasons.items() if uses > 1] == []


@pytest.mark.parametrize(("package", "contracts"), CONTRACTS.items())
def test_each_reason_is_published(package: str, contracts: tuple[str, ...]) -> None:
    """Each reason that a failure gives is in the enum of the contract."""
    published = set().union(*(_published_reasons(contract) for contract in contracts))
    assert [place for place, reason in _reasons(package) if reason not in published] == []


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house_rules.vague_names, "chassis/utils.py", ""),
        (house_rules.vague_names, "chassis/common/clock.py", ""),
        (house_rules.long_files, "chassis/clock.py", "\n" * 401),
        (house_rules.long_functions, "chassis/clock.py", "def f():\n" + "    pass\n" * 70),
        (house_rules.floats_in_domain, "billing_service/domain/money.py", "rate = 0.1"),
        (house_rules.floats_in_domain, "billing_service/domain/money.py", "float('0.1')"),
        (house_rules.impure_domain, "billing_service/domain/money.py", "import os"),
        (house_rules.impure_domain, "billing_service/domain/money.py", "import pydantic"),
        (house_rules.impure_domain, "billing_service/domain/money.py", "from chassis import clock"),
        (house_rules.commits_outside_chassis, "gateway/server.py", "tx.commit()"),
        (house_rules.undocumented, "chassis/clock.py", ""),
        (house_rules.undocumented, "chassis/clock.py", DOCUMENTED + "def f(): pass"),
        (
            house_rules.undocumented,
            "chassis/clock.py",
            DOCUMENTED + "class A:\n  'A.'\n  def f(): 1",
        ),
        (house_rules.untold_tests, "tests/test_a.py", "def test_a(): pass"),
        (house_rules.untold_tests, "tests/test_a.py", "def test_a():\n  'One. Two.'"),
        (house_rules.silenced_without_code, "chassis/clock.py", "import a  # no" + "qa"),
        (house_rules.silenced_without_code, "chassis/clock.py", "import a  # type: " + "ignore"),
    ],
)
def test_rule_catches_a_fault(rule: Rule, path: str, text: str) -> None:
    """A rule finds the one fault that was planted for it."""
    assert len(list(rule(Source.of(path, text)))) == 1


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (house_rules.long_files, "chassis/clock.py", "\n" * 400),
        (house_rules.long_functions, "chassis/clock.py", "def f():\n" + "    pass\n" * 69),
        (house_rules.floats_in_domain, "billing_service/api/money.py", "rate = 0.1"),
        (
            house_rules.impure_domain,
            "billing_service/domain/money.py",
            "from decimal import Decimal",
        ),
        (house_rules.impure_domain, "billing_service/domain/money.py", "import chassis.errors"),
        (house_rules.impure_domain, "billing_service/domain/a.py", "from chassis import errors"),
        (house_rules.commits_outside_chassis, "chassis/writer.py", "tx.commit()"),
        (house_rules.undocumented, "chassis/clock.py", DOCUMENTED + "def _f(): pass"),
        (house_rules.untold_tests, "tests/test_a.py", "def test_a():\n  'One is true.'"),
        (house_rules.silenced_without_code, "chassis/clock.py", "import a  # noqa: F401 - why"),
        (house_rules.silenced_without_code, "chassis/clock.py", "import a  # type: ignore[misc]"),
    ],
)
def test_rule_spares_what_is_right(rule: Rule, path: str, text: str) -> None:
    """A rule has nothing to say about what is allowed."""
    assert list(rule(Source.of(path, text))) == []


def _sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file of ours in the folders."""
    return tuple(chain.from_iterable(map(_sources_below, folders)))


@cache
def _sources_below(folder: str) -> tuple[Source, ...]:
    """Every Python file of a folder, parsed once."""
    return tuple(
        Source.of(path.relative_to(ROOT), path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def _reasons(package: str) -> list[tuple[str, str]]:
    """Each place of a package where a failure declares its reason, and the reason."""
    return list(chain.from_iterable(map(house_rules.declared_reasons, _sources(package))))


@cache
def _published_reasons(contract: str) -> frozenset[str]:
    """The reasons that a package of the contract publishes, without their prefix."""
    suite = FileDescriptorSet.FromString(files("pospago").joinpath("suite.binpb").read_bytes())
    return frozenset(
        value.name.removeprefix("ERROR_REASON_")
        for file in suite.file
        if file.package == contract
        for enum in file.enum_type
        if enum.name == "ErrorReason"
        for value in enum.value
    )
