"""A page that is complete in itself: it asks the network for nothing, and names in it are text, not markup."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from fwk.report.markup import Markup, element, join, text


def document(
    title: str, lead: Markup, sections: Mapping[str, tuple[str, Markup]], scripts: Iterable[str] = (), without: str = ""
) -> str:
    """A page as HTML.

    lead      what stands first, below the title
    sections  id -> (heading, content), listed in the contents
    scripts   what runs at the end of the page
    without   what to tell where scripts are switched off
    """
    body = join(
        element(
            "section", element("h2", heading, id=f"{name}-heading"), content, id=name, aria_labelledby=f"{name}-heading"
        )
        for name, (heading, content) in sections.items()
    )
    warning = element("noscript", element("p", without, class_="lead")) if without else Markup("")
    return Template(resource("page.html")).substitute(
        title=text(title),
        lead=lead,
        contents=join(element("a", heading, href=f"#{name}") for name, (heading, _) in sections.items()),
        body=join([warning, body]),
        style=resource("page.css"),
        scripts="".join(f"<script>\n{_contained(script)}\n</script>\n" for script in scripts),
    )


def image(path: Path, about: str) -> Markup:
    """A PNG file as part of the page."""
    content = b64encode(path.read_bytes()).decode("ascii")
    return element("figure", Markup(f'<img alt="{text(about)}" src="data:image/png;base64,{content}">'))


def resource(name: str) -> str:
    """A file that lies beside this module."""
    return files("fwk.report").joinpath(name).read_text(encoding="utf-8")


def _contained(script: str) -> str:
    return script.replace("</script", "<\\/script")
