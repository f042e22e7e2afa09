"""Vega-Lite in the pages: its script, and specifications in the page's look.

Colours are the page's CSS variables, so that a chart follows the page from light to dark and onto
paper without being drawn again.
"""

from functools import cache

HEIGHT = 240
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
CONFIG = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--ink)",
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "gridColor": "var(--line)",
        "gridOpacity": 0.6,
        "domainColor": "var(--quiet)",
        "tickColor": "var(--quiet)",
        "labelOverlap": "greedy",
        "labelSeparation": 6,
    },
    "rule": {"color": "var(--quiet)"},
}


@cache
def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which sets window.vegaEmbed."""
    # here, because importing it takes a while
    import vl_convert

    text = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    # an HTML parser ends or hides a script at these, wherever they stand in it
    if "</script" in text.lower() or "<!--" in text:
        raise ValueError("the charts' script cannot stand in a page: it holds </script or <!--")
    # a scope of its own: its names are one letter long
    return f"(() => {{\n{text}\n}})();"


def versions() -> dict[str, str]:
    """Of the libraries that draw the charts."""
    import vl_convert

    return {
        "Vega": vl_convert.get_vega_version(),
        "Vega-Lite": vl_convert.get_vegalite_versions()[-1],
        "Vega-Embed": vl_convert.get_vega_embed_version(),
    }


def chart(description: str, content: dict) -> dict:
    """A specification as wide as what holds it, in the page's look."""
    return {
        "description": description,
        "width": "container",
        "height": HEIGHT,
        "config": CONFIG,
        **content,
    }


def scaled(field: str, domain: list, scale_range: list) -> dict:
    """An encoding of names by colours, dashes or shapes, without a legend."""
    scale = {"domain": domain, "range": scale_range}
    return {"field": field, "type": "nominal", "scale": scale, "legend": None}
