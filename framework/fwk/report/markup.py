"""Text -> HTML: everything is escaped that was not made here."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Sequence


class Markup(str):
    """HTML that needs no more escaping. Other text becomes `Markup` through `text`."""

    __slots__ = ()


def text(content: object) -> Markup:
    """Content as HTML text.

    >>> text("a < b"), text(Markup("<b>a</b>"))
    ('a &lt; b', '<b>a</b>')
    """
    return content if isinstance(content, Markup) else Markup(html.escape(str(content)))


def join(parts: Iterable[str], between: str = "\n") -> Markup:
    """HTML one after another."""
    return Markup(between.join(text(part) for part in parts))


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """An element with its content; a trailing underscore of an attribute's name is dropped, other ones become dashes.

    >>> element("p", "1 < 2", class_="note", data_kind="x")
    '<p class="note" data-kind="x">1 &lt; 2</p>'
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for name, value in attributes.items()
    )
    return Markup(f"<{tag}{given}>{join((text(part) for part in content), '')}</{tag}>")


def table(
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    words: Collection[int] = (0,),
    kinds: Sequence[str] = (),
) -> Markup:
    """A table with a caption, column headings, and a heading in the first cell of each row; wide ones scroll.

    words  positions of the columns that hold words; the others are numbers, aligned to the right
    kinds  a class for each row
    """
    look = ["word" if position in words else "number" for position in range(len(columns))]
    head = join((element("th", name, scope="col", class_=kind) for name, kind in zip(columns, look, strict=True)), "")
    lines = []
    for number, row in enumerate(rows):
        first, *others = (*row,)
        cells = [element("th", first, scope="row", class_=look[0])]
        cells += [element("td", cell, class_=kind) for cell, kind in zip(others, look[1:], strict=True)]
        lines.append(element("tr", *cells, **({"class_": kinds[number]} if kinds and kinds[number] else {})))
    body = element("tbody", Markup("\n"), join(lines), Markup("\n"))
    whole = element("table", element("caption", caption), element("thead", element("tr", head)), body)
    return element("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def details(summary: object, *content: object, opened: bool = False) -> Markup:
    """A part that opens on demand, and in print."""
    inside = join([element("summary", summary), *(text(part) for part in content)])
    return Markup(f"<details{' open' if opened else ''}>{inside}</details>")


def items(lines: Iterable[object]) -> Markup:
    """A list."""
    return element("ul", join((element("li", line) for line in lines), ""))
