"""The JSON Schema of catalogue files, for editors. Run as a module, it writes the published one.

python -m pospago_cli.catalog.schema examples/catalogs/catalog.schema.json
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

from pospago_cli.catalog.file import CatalogFile


def schema_text() -> str:
    """The schema as it is published."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **cast("dict[str, Any]", _plain(CatalogFile.model_json_schema())),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _plain(schema: object) -> object:
    """The schema without what says nothing here: null, which no key takes, and made-up titles."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema if each != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {
        key: _plain(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str)) and (key, value) != ("default", None)
    }
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    match kept.get("anyOf"):
        case [dict() as only]:
            return {**{key: value for key, value in kept.items() if key != "anyOf"}, **only}
    return kept


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
