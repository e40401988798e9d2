"""What is said of what happened: in one line, in plain text and in HTML. The words are in templates."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from printqueue.alerts.courier import Message
from printqueue.alerts.routing import LATE
from printqueue.models import Alert, AlertTarget, Fact
from printqueue.models.alert_rule import house_zone

FOLDER: Final = "printqueue/alerts/"
MOST_IN_DETAIL: Final = 30
"""How many things one digest tells of by name."""


def message(alerts: Sequence[Alert]) -> Message:
    """Return what the target of these alerts is told: of one thing, or as a digest of several."""
    things = [_thing(alert) for alert in alerts]
    is_repeat = any(alert.is_repeat for alert in alerts)
    context: dict[str, Any] = {"is_repeat": is_repeat, "public_url": settings.PUBLIC_URL}
    if len(things) == 1:
        return _rendered("message", {**context, **things[0]})
    kinds: dict[str, int] = {}
    for alert in alerts:
        kinds[alert.fact.kind] = kinds.get(alert.fact.kind, 0) + 1
    counted = (f"{count} {_counted(kind, count)}" for kind, count in kinds.items())
    context["counts"] = ", ".join(counted)
    context["more"] = max(0, len(things) - MOST_IN_DETAIL)
    return _rendered("digest", {**context, "things": things[:MOST_IN_DETAIL]})


def test_message(target: AlertTarget, now: datetime) -> Message:
    """Return what a target is sent to see whether it works."""
    return _rendered(
        "test", {"target": target.name, "when": _when(now, house_zone()), "public_url": settings.PUBLIC_URL}
    )


def one_line(text: str) -> str:
    """Return `text` as one line that shows as what it is: no line breaks, and nothing that turns its direction."""
    kept = ("" if unicodedata.category(character) in {"Cf", "Cc", "Cs", "Co"} and character not in "\t\n\r" else character
            for character in text)  # fmt: skip
    return " ".join("".join(kept).split())


def _thing(alert: Alert) -> dict[str, Any]:
    """Return what a template may say of one alert."""
    fact, job = alert.fact, alert.fact.job
    zone = alert.rule.zone if alert.rule is not None else house_zone()
    said: dict[str, Any] = {
        "kind": fact.kind,
        "code": job.code if job is not None else "",
        "design": one_line(job.design_name) if job is not None else "",
        "file_name": one_line(fact.run.file_name),
        "printer": one_line(str(fact.printer)) if fact.printer is not None else "",
        "detail": one_line(fact.detail),
        "progress": fact.run.progress,
        "when": _when(fact.at, zone),
        "noticed": _when(fact.noticed_at, zone) if is_late(fact) else "",
        "link": f"{settings.PUBLIC_URL}{reverse('pages:job', args=[job.pk]) if job is not None else reverse('pages:list')}",
        "customer": "",
        "note": "",
    }
    if settings.ALERT_CUSTOMER_DETAILS and job is not None:
        said |= {"customer": one_line(job.customer_id), "note": one_line(job.note)}
    said["name"] = one_line(render_to_string(f"{FOLDER}_name.txt", said))
    said["what"] = one_line(render_to_string(f"{FOLDER}kind/{fact.kind}.txt", said))
    return said


def _counted(kind: str, count: int) -> str:
    return one_line(render_to_string(f"{FOLDER}_counted.txt", {"kind": kind, "count": count}))


def is_late(fact: Fact) -> bool:
    """Whether it was learned of long after it had happened."""
    return fact.noticed_at - fact.at > LATE


def _rendered(name: str, context: dict[str, Any]) -> Message:
    return Message(
        title=one_line(render_to_string(f"{FOLDER}{name}_subject.txt", context))[:200],
        text=render_to_string(f"{FOLDER}{name}.txt", context).strip() + "\n",
        html=render_to_string(f"{FOLDER}{name}.html", context).strip() + "\n",
    )


def _when(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a %d %b %Y, %H:%M} ({zone})"
