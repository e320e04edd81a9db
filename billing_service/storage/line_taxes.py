"""How a line was taxed, as text and back: whatever corrects it later is taxed the same."""

import json
from dataclasses import asdict
from decimal import Decimal

from billing_service.domain.tax import LineTax, TaxRate, TaxTreatment


def line_tax_to_text(taxed: LineTax | None) -> str:
    """How a line is taxed, as JSON; '' where no tax is shown."""
    if taxed is None:
        return ""
    rate = asdict(taxed.rate)
    rate["percent"] = str(taxed.rate.percent)
    told = {**rate, "treatment": taxed.treatment.value}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def line_tax_from_text(text: str) -> LineTax | None:
    """How a line is taxed, of its text."""
    if not text:
        return None
    told = json.loads(text)
    treatment = TaxTreatment(told.pop("treatment"))
    return LineTax(TaxRate(**{**told, "percent": Decimal(told["percent"])}), treatment)
