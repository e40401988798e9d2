"""A print told in minutes: its client reports, or does not, while the worker looks now and then."""

from datetime import timedelta

from printqueue import periodic
from printqueue.models import Fact, FactKind, PrintRun
from printqueue.models.fact import STALLS
from tests.factories import listen

MINUTE = 60
NUMBERS = {"progress": 45.3, "layer": 41, "total_layers": 160, "remaining_seconds": 3000}


def look(now):
    """Do what the worker does every ten seconds, beside a server that listens."""
    listen(now)
    periodic.notice_stalls(now)


def says(client, minutes, state="printing", *, every=15, looks=True, **fields):
    """Let `client` report `state` every 15 seconds for so many minutes, while the worker looks now and then."""
    for _ in range(max(1, round(minutes * MINUTE / every))):
        client.says(state, after_seconds=every, run_key="1@0", **{**NUMBERS, **fields})
        if looks and client.sequence % 4 == 0:
            look(client.now)
    look(client.now)


def passes(client, minutes):
    """Let so many minutes pass without a report; the worker looks now and then."""
    for _ in range(int(minutes * 6)):
        client.now += timedelta(seconds=10)
        look(client.now)


def facts(wanted=(*STALLS, FactKind.RECOVERED)):
    """What was noticed so far of stalls, oldest first: the kind, with an exclamation mark while it lasts."""
    noticed = Fact.objects.filter(kind__in=wanted)
    kinds = noticed.values_list("kind", "cleared_at", "detail")
    return [
        f"{kind}!" if kind in STALLS and cleared is None else f"{kind} {detail}" if kind == "recovered" else kind
        for kind, cleared, detail in kinds
    ]


def stall_of(client):
    return PrintRun.objects.get(printer=client.printer).stall
