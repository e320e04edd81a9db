"""Files of issuers."""

from pathlib import Path

import pytest

from pospago_cli.failures import CommandFailed
from pospago_cli.issuers import read_issuers
from tests.cli.catalog_files import ROOT, written


def test_the_example_names_an_issuer() -> None:
    """The file that the documents create an issuer from can be read."""
    (issuer,) = read_issuers(ROOT / "examples" / "issuers" / "exemplo.yaml").values()
    assert issuer.registration_number == "12.ABC.345/01DE-35"


@pytest.mark.parametrize(
    "text",
    [
        "issuers: {a: {legal_name: A}}",
        "issuers: {a: {legal_name: A, invoice_series: A-, more: 1}}",
        "issuers: {A: {legal_name: A, invoice_series: A-}}",
        "plans: {}",
        "issuers: [",
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    """A field that is missing, or too much, a wrong id, no issuers, no YAML: the file is named."""
    with pytest.raises(CommandFailed, match=r"wrong\.yaml"):
        read_issuers(written(tmp_path, text))
