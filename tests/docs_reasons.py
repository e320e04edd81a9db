"""The tables of docs/errors.md, as the contract has them; run as a module it prints them."""

import re
from collections.abc import Iterator
from typing import Final

from tests.docs_reading import ROOT

# The package of each domain, in the order of the document.
PACKAGES: Final = {
    "pospago": "access",
    "provisioning.pospago": "provisioning",
    "billing.pospago": "billing",
}
_VALUE: Final = re.compile(r"((?:^  // .*\n)+)^  ERROR_REASON_(\w+) = [1-9]\d*;", re.MULTILINE)


def tables() -> Iterator[str]:
    """A heading and a table of reasons for each domain of the contract."""
    for domain, package in PACKAGES.items():
        rows = "".join(f"| `{reason}` | {comment} |\n" for reason, comment in _reasons(package))
        yield f"### `{domain}`\n\n| reason | comes with, and says |\n| --- | --- |\n{rows}"


def _reasons(package: str) -> Iterator[tuple[str, str]]:
    """Each reason that a package publishes, with its comment in one line."""
    path = ROOT / "protos" / "pospago" / package / "v1" / "error_reason.proto"
    for comment, reason in _VALUE.findall(path.read_text(encoding="utf-8")):
        yield reason, " ".join(line.strip().removeprefix("// ") for line in comment.splitlines())


if __name__ == "__main__":
    print("\n".join(tables()))  # noqa: T201 - printing is what it is for
