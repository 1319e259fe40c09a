"""What MJML knows: its components, what each may be told, and what may stand in it."""

from __future__ import annotations

EVERYWHERE = frozenset({"css-class", "mj-class"})
_TEXT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration"
_BORDER = "border border-bottom border-left border-radius border-right border-top"
_PADDING = "padding padding-bottom padding-left padding-right padding-top"
_GROUND = (
    "background-color background-position background-position-x background-position-y background-repeat"
    " background-size background-url"
)
ATTRIBUTES: dict[str, frozenset[str]] = {
    component: frozenset(said.split())
    for component, said in {
        "accordion": (
            f"{_PADDING} border container-background-color font-family icon-align icon-height icon-position "
            "icon-unwrapped-alt icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url"
        ),
        "accordion-element": (
            "background-color border font-family icon-align icon-height icon-position icon-unwrapped-alt "
            "icon-unwrapped-url icon-width icon-wrapped-alt icon-wrapped-url"
        ),
        "accordion-text": (
            f"{_PADDING} background-color color font-family font-size font-weight letter-spacing line-height"
        ),
        "accordion-title": f"{_PADDING} background-color color font-family font-size font-weight",
        "attributes": "",
        "body": "background-color width",
        "breakpoint": "width",
        "button": (
            f"{_TEXT} {_BORDER} {_PADDING} align background-color container-background-color height href "
            "inner-padding name rel target text-align text-transform title vertical-align width"
        ),
        "carousel": (
            f"{_PADDING} align border-radius container-background-color icon-width left-icon right-icon "
            "tb-border tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails"
        ),
        "carousel-image": "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title",
        "column": (
            f"{_BORDER} {_PADDING} background-color direction inner-background-color inner-border "
            "inner-border-bottom inner-border-left inner-border-radius inner-border-right inner-border-top "
            "vertical-align width"
        ),
        "divider": f"{_PADDING} align border-color border-style border-width container-background-color width",
        "font": "href name",
        "group": "background-color direction vertical-align width",
        "head": "",
        "hero": (
            f"{_PADDING} background-color background-height background-position background-url "
            "background-width border-radius container-background-color height inner-background-color "
            "inner-padding inner-padding-bottom inner-padding-left inner-padding-right inner-padding-top "
            "mode vertical-align"
        ),
        "image": (
            f"{_BORDER} {_PADDING} align alt container-background-color fluid-on-mobile font-size height href "
            "max-height name rel sizes src srcset target title usemap width"
        ),
        "navbar": (
            f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
            "ico-line-height ico-open ico-padding ico-padding-bottom ico-padding-left ico-padding-right "
            "ico-padding-top ico-text-decoration ico-text-transform"
        ),
        "navbar-link": f"{_TEXT} {_PADDING} href name rel target text-transform",
        "preview": "",
        "raw": "position",
        "section": f"{_BORDER} {_PADDING} {_GROUND} direction full-width text-align text-padding",
        "social": (
            f"{_PADDING} align border-radius color container-background-color font-family font-size "
            "font-style font-weight icon-height icon-padding icon-size inner-padding line-height mode "
            "table-layout text-decoration text-padding vertical-align"
        ),
        "social-element": (
            f"{_PADDING} align alt background-color border-radius color font-family font-size font-style "
            "font-weight href icon-height icon-padding icon-position icon-size line-height name rel sizes "
            "src srcset target text-decoration text-padding title vertical-align"
        ),
        "spacer": (
            f"{_PADDING} border border-bottom border-left border-right border-top container-background-color height"
        ),
        "style": "inline",
        "table": (
            f"{_PADDING} align border cellpadding cellspacing color container-background-color font-family "
            "font-size font-weight line-height role table-layout vertical-align width"
        ),
        "text": (
            f"{_TEXT} {_PADDING} align background-color container-background-color height text-transform vertical-align"
        ),
        "title": "",
        "wrapper": f"{_BORDER} {_PADDING} {_GROUND} direction full-width gap text-align text-padding",
    }.items()
}
"""What a component may be told, beside what all may be told."""
CHILDREN: dict[str, frozenset[str]] = {
    component: frozenset(said.split())
    for component, said in {
        "mjml": "mj-body mj-head mj-raw",
        "mj-head": "mj-attributes mj-breakpoint mj-font mj-preview mj-raw mj-style mj-title",
        "mj-body": "mj-hero mj-raw mj-section mj-wrapper",
        "mj-wrapper": "mj-hero mj-raw mj-section",
        "mj-section": "mj-column mj-group mj-raw",
        "mj-group": "mj-column mj-raw",
        "mj-column": (
            "mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer "
            "mj-table mj-text"
        ),
        "mj-hero": (
            "mj-accordion mj-button mj-carousel mj-divider mj-image mj-navbar mj-raw mj-social mj-spacer "
            "mj-table mj-text"
        ),
        "mj-navbar": "mj-navbar-link mj-raw",
        "mj-social": "mj-raw mj-social-element",
        "mj-accordion": "mj-accordion-element mj-raw",
        "mj-accordion-element": "mj-accordion-text mj-accordion-title mj-raw",
        "mj-carousel": "mj-carousel-image",
    }.items()
}
"""What may stand in a component that holds others; whatever else stands there is no part of the mail's layout."""
