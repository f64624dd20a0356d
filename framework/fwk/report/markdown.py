"""Text -> Markdown: names must not become markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def plain(text: str) -> str:
    """Text that Markdown shows as it stands, also within a table.

    >>> plain("a_b | c")
    'a\\\\_b \\\\| c'
    """
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
    return "".join(f"\\{sign}" if sign in "\\|`*_[]" else sign for sign in safe)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown (see `plain`)."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (columns, ["---"] * len(columns), *rows))
