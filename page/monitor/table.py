"""Tables as HTML: `st.table` would load pandas and Arrow before anything is seen. On a phone a row becomes a list."""

from html import escape

import streamlit as st

STYLE = """<style>
.relay-table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
.relay-table th { text-align: left; font-weight: 400; opacity: .7; }
.relay-table th, .relay-table td { padding: 0.3rem 1rem 0.3rem 0; vertical-align: top; overflow-wrap: anywhere;
  border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
@media (max-width: 640px) {
  .relay-table thead { display: none; }
  .relay-table tr { display: block; padding: 0.4rem 0;
    border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
  .relay-table td { display: grid; grid-template-columns: 8rem 1fr; padding: 0.1rem 0; border: none; }
  .relay-table td::before { content: attr(data-name); opacity: .7; }
}
</style>"""


def show_table(rows: list[dict[str, str]]) -> None:
    """A table of texts, with the same keys in each row."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    lines = "".join(
        "<tr>"
        + "".join(f'<td data-name="{escape(name)}"><span>{escape(cell)}</span></td>' for name, cell in row.items())
        + "</tr>"
        for row in rows
    )
    st.html(f'{STYLE}<table class="relay-table"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>')
