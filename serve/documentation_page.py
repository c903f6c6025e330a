"""The OpenAPI document as a page."""

from html import escape
from typing import Any

import msgspec

Json = dict[str, Any]

STYLE = (
    "body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}h2{margin-top:2rem;font-size:1.1rem}"
    "td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}"
    "pre{background:#f3f3f3;padding:.8rem;overflow:auto}"
)


def render_page(document: Json) -> str:
    """The document as a page that loads nothing from elsewhere and runs no script."""
    info = document["info"]
    parts = [
        f"<h1>{escape(info['title'])}</h1><p>{escape(info['description'])} <a href=openapi.json>openapi.json</a></p>"
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['summary'])}</p>")
            parts += [_render_record(record) for record in _find_records(operation)]
    head = f"<meta charset=utf-8><title>{escape(info['title'])}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}{''.join(parts)}</html>\n"


def _find_records(operation: Json) -> list[Json]:
    """The record that an operation of `/predict` takes."""
    shapes = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return [shape for shape in shapes.get("oneOf", [])[:1] if "examples" in shape]


def _render_record(record: Json) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code><td>{escape(_say_type(column))}<td>{escape(column.get('description', ''))}"
        for name, column in record["properties"].items()
    )
    example = (
        escape(msgspec.json.format(msgspec.json.encode(record["examples"][0])).decode()) if record["examples"] else ""
    )
    return f"<table><tr><th>Field<th>Takes<th>What it is{rows}</table><pre>{example}</pre>"


def _say_type(column: Json) -> str:
    kinds = column["type"] if isinstance(column["type"], list) else [column["type"]]
    if "enum" in column:
        return "one of " + ", ".join(msgspec.json.encode(value).decode() for value in column["enum"])
    limits = ""
    if "minimum" in column:
        limits = f" from {column['minimum']:.6g} to {column['maximum']:.6g}"
    return " or ".join(kinds) + limits
