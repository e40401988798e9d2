"""What staff may write into a rule of what to tell whom."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from printqueue.models import AlertRule, AlertTarget, FactKind, Printer
from printqueue.models.printer import PrinterQuerySet
from printqueue.views.pages.forms import choose_from, dress

GROUPS: Final = (
    ("How a print ends", (FactKind.COMPLETED, FactKind.FAILED, FactKind.CANCELLED, FactKind.UNKNOWN_END)),
    ("What holds it up", (FactKind.PAUSED, FactKind.PAUSED_TOO_LONG, FactKind.NO_MOVEMENT, FactKind.ERROR)),
    ("Out of sight", (FactKind.OFFLINE, FactKind.NO_REPORTS, FactKind.UNMATCHED, FactKind.RECOVERED)),
)
"""The kinds of facts, where people look for them."""

HINTS: Final = {
    FactKind.PAUSED: "Filament ran out, a door is open …",
    FactKind.ERROR: "Whatever code or message it names",
    FactKind.NO_MOVEMENT: "It prints, but gets no further",
    FactKind.NO_REPORTS: "The program beside the printers fell silent",
    FactKind.UNMATCHED: "Somebody has to say which job a print is",
    FactKind.RECOVERED: "After any of what held it up",
}

USUAL: Final = tuple(kind for kind in FactKind if kind != FactKind.CANCELLED)
"""What a new rule tells: all but what somebody just did at the printer."""

HOUR: Final = 60
UNITS: Final = ((HOUR, "hours"), (1, "minutes"))
"""What a length is given in, by its minutes."""

MAX_LENGTH_MINUTES: Final = 60 * 24 * 30


def zones(*more: str) -> list[tuple[str, str]]:
    """Return the time zones that a person may choose: UTC, the places, and `more`."""
    return [(zone, zone.replace("_", " ")) for zone in sorted({"UTC", *_places(), *more})]


@cache
def _places() -> frozenset[str]:
    """Return the zones that are called after places, of the five hundred files that the system has."""
    return frozenset(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


def zone_here() -> str:
    """Return the name of the viewer's time zone."""
    return str(timezone.get_current_timezone())  # Django's own function returns "+03" for some


def clock_input() -> forms.TimeInput:
    """Return a field for a time of day, without seconds."""
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class RuleForm(forms.Form):
    """Of what somebody is told, about which prints, where, and when not."""

    kinds = forms.MultipleChoiceField(
        choices=FactKind.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick what you want to be told of."},
    )
    targets = forms.ModelMultipleChoiceField(
        AlertTarget.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick where you want to be told."},
    )
    printers = forms.ModelMultipleChoiceField(
        Printer.objects.none(), widget=forms.CheckboxSelectMultiple, required=False, to_field_name="serial"
    )
    own_jobs_only = forms.BooleanField(label="Only jobs that I created or started", required=False)
    longer_than = forms.IntegerField(label="Only prints longer than", required=False, min_value=1)
    longer_than_unit = forms.TypedChoiceField(label="Hours or minutes", choices=UNITS, coerce=int)
    quiet_from = forms.TimeField(label="From", required=False, widget=clock_input())
    quiet_to = forms.TimeField(label="to", required=False, widget=clock_input())
    zone = forms.ChoiceField(label="Time of")

    def __init__(
        self,
        data: Any = None,
        *,
        targets: QuerySet[AlertTarget],
        printers: PrinterQuerySet,
        is_shops: bool,
        initial: dict[str, Any],
    ) -> None:
        super().__init__(data, initial=initial)
        cast("forms.ModelMultipleChoiceField[AlertTarget]", self.fields["targets"]).queryset = targets
        choose_from(self, "printers", printers)
        cast(forms.ChoiceField, self.fields["zone"]).choices = zones(initial["zone"])
        if is_shops:
            del self.fields["own_jobs_only"]  # the shop created none

    def clean(self) -> None:
        quiet = [self.cleaned_data.get(name) for name in ("quiet_from", "quiet_to")]
        if "quiet_from" in self.errors or "quiet_to" in self.errors:
            return
        if quiet.count(None) == 1:
            self.add_error("quiet_to" if quiet[0] else "quiet_from", "Give both times, or none for no quiet hours.")
        elif quiet[0] is not None and quiet[0] == quiet[1]:
            self.add_error("quiet_to", "Give another time than the first: these hours would never end, or never begin.")
        if (self.longer_than_minutes or 0) > MAX_LENGTH_MINUTES:
            self.add_error("longer_than", "Give at most 30 days (720 hours).")

    @property
    def longer_than_minutes(self) -> int | None:
        """How long a print must be, from what was filled in; None for any."""
        length, unit = self.cleaned_data.get("longer_than"), self.cleaned_data.get("longer_than_unit")
        return length * unit if length and unit else None

    def take(self, problem: ValidationError) -> None:
        """Show why the model refused what was filled in, at the field that it names."""
        for name, messages in problem.message_dict.items():
            field = "longer_than" if name == "longer_than_minutes" else name
            self.add_error(field if field in self.fields and field != NON_FIELD_ERRORS else None, messages)

    def wished(self) -> dict[str, Any]:
        """Return what was filled in, by the names that the model has for it."""
        said = self.cleaned_data
        names = ("kinds", "targets", "printers", "quiet_from", "quiet_to", "zone")
        return {name: said[name] for name in names} | {
            "own_jobs_only": said.get("own_jobs_only", False),
            "longer_than_minutes": self.longer_than_minutes,
        }

    def groups(self) -> list[tuple[str, list[tuple[Any, str]]]]:
        """Return the kinds under their headings, each a check box and what it stands for in other words."""
        boxes = {box.data["value"]: box for box in self["kinds"]}
        return [(title, [(boxes[kind], HINTS.get(kind, "")) for kind in kinds]) for title, kinds in GROUPS]

    def dressed(self) -> RuleForm:
        """Return the form, ready to be shown."""
        dress(self)
        return self


def usual(zone: str) -> dict[str, Any]:
    """Return what a new rule says until somebody chooses otherwise."""
    return {"kinds": USUAL, "longer_than_unit": HOUR, "zone": zone}


def wishes(rule: AlertRule) -> dict[str, Any]:
    """Return what the form shows of a rule, by field."""
    length = rule.longer_than_minutes
    unit = HOUR if length is None or length % HOUR == 0 else 1
    return {
        "kinds": rule.kinds,
        "targets": list(rule.targets.all()),
        "printers": list(rule.printers.all()),
        "own_jobs_only": rule.own_jobs_only,
        "longer_than": length and length // unit,
        "longer_than_unit": unit,
        "quiet_from": rule.quiet_from,
        "quiet_to": rule.quiet_to,
        "zone": rule.zone,
    }
