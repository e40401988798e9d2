"""Small pieces of HTML that every page uses."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from printqueue.protocol import wire_time
from printqueue.templatetags import display

register = template.Library()
register.filter("wire", wire_time)


@register.simple_tag
def icon(name: str, more: str = "") -> SafeString:
    """Draw an icon of the sprite; the word beside it says the same, so that a screen reader skips it."""
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="#i-{}"/></svg>', more, name)


@register.simple_tag
def clock(moment: datetime | None) -> SafeString | str:
    """Write a time of day, with the day when it is not today; "" for None. The whole time is in the title."""
    if moment is None:
        return ""
    text = display.clock(moment, timezone.now())
    return format_html(
        '<time data-clock datetime="{}" title="{}">{}</time>', wire_time(moment), display.moment(moment), text
    )


@register.simple_tag
def lasting(since: datetime) -> SafeString:
    """Write how long something has been so; the browser counts on."""
    seconds = (timezone.now() - since).total_seconds()
    return format_html('<span data-since="{}">{}</span>', wire_time(since), display.duration(seconds))


@register.inclusion_tag("printqueue/_fresh.html")
def fresh(reported_at: datetime | None, *, brackets: bool = False) -> dict[str, object]:
    """Write how old a report is: "just now", or "(just now)" with `brackets`. The browser counts on."""
    seconds = None if reported_at is None else (timezone.now() - reported_at).total_seconds()
    text = display.age(seconds)
    return {
        "band": display.age_band(seconds),
        "text": f"({text})" if brackets and seconds is not None else text,
        "brackets": brackets,
        "at": wire_time(reported_at),
        "title": "" if reported_at is None else display.moment(reported_at),
    }
