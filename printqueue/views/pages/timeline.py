"""What happened to a job, one line after the other: changes of state, what else was noticed, and who was told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from printqueue.access import Actor, alerts_for
from printqueue.models import Alert, AlertState, Fact, FactKind, JobState, PrintQueue, PrintRun, RunState, Transition
from printqueue.templatetags import display
from printqueue.templatetags.display import Badge
from printqueue.views.pages.shown_fact import STATE_OF_KIND, badge_of

MAX_LINES: Final = 100

TOGETHER: Final = timedelta(seconds=60)
"""A fact and a change of state to the same are one if they are no further apart."""

WHAT: Final = {
    JobState.PRINTING: "Printing",
    JobState.PAUSED: "Paused",
    JobState.COMPLETED: "Completed",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}
"""The word for a state that a job comes into."""


@dataclass(frozen=True)
class Told:
    """That somebody was told of it, or could not be."""

    words: str
    at: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    key: str
    """Names it on the page."""
    badge: Badge
    """Its shape and colour; the word is in `what`."""
    what: str
    at: datetime
    why: str
    told: list[Told] = field(default_factory=list)


def timeline(job: PrintQueue, runs: Sequence[PrintRun], actor: Actor, now: datetime) -> list[Line]:
    """Return what happened until `now` to `job`, of which `runs` are the prints, the newest first.

    Of who was told it has what `actor` may know.
    """
    transitions = _transitions(job, runs)
    of_its_prints = Q(run__in=[run.pk for run in runs], job=None)  # noticed before they found the job
    facts = list(Fact.objects.filter(Q(job=job) | of_its_prints).order_by("-at", "-pk")[:MAX_LINES])
    told = _told(facts, actor, now)
    lines = {transition.pk: _of_transition(transition) for transition in transitions}
    others = []
    for fact in facts:
        same = _same(fact, transitions)
        line = lines[same.pk] if same else _of_fact(fact)
        line.told.extend(told[fact.pk])
        others += [] if same else [line]
    return sorted([*lines.values(), *others], key=lambda line: line.at, reverse=True)[:MAX_LINES]


def _transitions(job: PrintQueue, runs: Sequence[PrintRun]) -> list[Transition]:
    """Return the changes of state of the job, the newest first, and those of its runs that the job did not follow."""
    # By the runs' keys: asked by the job of their rows, no index helps, and every change of state ever is looked at.
    lost_sight = Q(run__in=[run.pk for run in runs], new_state=RunState.UNKNOWN_END)
    happened = Transition.objects.filter(Q(job=job) | lost_sight).select_related("user", "key")
    return list(happened.order_by("-at", "-pk")[:MAX_LINES])


def _told(facts: Sequence[Fact], actor: Actor, now: datetime) -> dict[int, list[Told]]:
    """Return who was told of each of `facts`, by its pk."""
    told: dict[int, list[Told]] = defaultdict(list)
    alerts = alerts_for(actor).filter(fact__in=[fact.pk for fact in facts]).exclude(state=AlertState.LOGGED)
    for alert in alerts.select_related("target").order_by("pk"):
        told[alert.fact_id].append(_in_words(alert, now))
    return told


def _in_words(alert: Alert, now: datetime) -> Told:
    match alert.state:
        case AlertState.SENT:
            return Told(f"Told: {alert.target},", alert.sent_at)
        case AlertState.DEAD:
            return Told(f"Not delivered: {alert.target}")
        case AlertState.WAITING if alert.due_at > now:
            return Told(f"Will be told: {alert.target},", alert.due_at)
    return Told(f"Being told: {alert.target}")


def _same(fact: Fact, transitions: Iterable[Transition]) -> Transition | None:
    """Return the change of state that says what `fact` says."""
    state = STATE_OF_KIND.get(FactKind(fact.kind))
    near = [one for one in transitions if abs(one.at - fact.at) <= TOGETHER]
    if fact.kind == FactKind.ERROR and fact.detail:
        near = [one for one in near if fact.detail in one.reason]  # why the print paused, or failed
    else:
        near = [one for one in near if one.new_state == state]
    return min(near, key=lambda one: abs(one.at - fact.at), default=None)


def _of_transition(transition: Transition) -> Line:
    badge, what = display.badge(transition.new_state), _what(transition.old_state, transition.new_state)
    why = ": ".join(part for part in (transition.who.name, transition.reason) if part)
    return Line(f"transition-{transition.pk}", badge, what, transition.at, why)


def _what(old: str, new: str) -> str:
    if new == RunState.UNKNOWN_END:
        return "Ended, nobody knows how"
    if new == JobState.READY:
        return "Ready again" if old else "Created"
    if old == JobState.PAUSED and new == JobState.PRINTING:
        return "Printing again"
    return WHAT[JobState(new)]


def _of_fact(fact: Fact) -> Line:
    kind = FactKind(fact.kind)
    return Line(f"fact-{fact.pk}", badge_of(kind), str(kind.label), fact.at, fact.reason)
