"""What staff may write into a job."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from printqueue.models import Printer, PrintQueue
from printqueue.models.printer import MOST_MINUTES, PrinterQuerySet
from printqueue.protocol import MAX_PRINTER_NAME, is_safe_text

MAX_REASON: Final = 500


class OneLine(forms.CharField):
    """Text as the API takes it: line breaks become blanks, and nothing that would fool the eye is let in."""

    def to_python(self, value: Any) -> str:
        return " ".join(str(super().to_python(value)).split())

    def validate(self, value: str) -> None:
        super().validate(value)
        if not is_safe_text(value):
            raise ValidationError("Leave out characters that cannot be seen.")


def choose_from(form: forms.BaseForm, name: str, printers: PrinterQuerySet) -> None:
    """Let the field `name` offer `printers`."""
    field = cast("forms.ModelChoiceField[Printer]", form.fields[name])
    field.queryset = printers


def dress(form: forms.BaseForm) -> None:
    """Give each field the look of the house, and tie its hint and errors to it."""
    for name, field in form.fields.items():
        if not isinstance(field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.HiddenInput):
            field.widget.attrs["class"] = "input"
        described = [f"{name}-hint"] if field.help_text else []
        described += [f"{name}-error"] if name in form.errors else []
        if described:
            field.widget.attrs["aria-describedby"] = " ".join(described)
        if name in form.errors:
            field.widget.attrs["aria-invalid"] = "true"


def minutes(label: str, meaning: str) -> forms.IntegerField:
    """Return the field of a limit."""
    wrong = dict.fromkeys(("invalid", "min_value", "max_value"), f"Expected whole minutes, from 0 to {MOST_MINUTES}.")
    return forms.IntegerField(
        label=label,
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        help_text=f"Minutes {meaning}",
        error_messages=wrong,
    )


class JobForm(forms.Form):
    """A new job, or another wish for one that exists."""

    design_name = OneLine(label="Design", max_length=200)
    print_file_name = OneLine(
        label="Print file",
        max_length=255,
        help_text="The whole name, such as splint_s6.gcode.3mf. A print of this file finds the job by itself.",
    )
    customer_id = OneLine(label="Customer", max_length=20, required=False)
    copies = forms.IntegerField(min_value=1, max_value=999, initial=1)
    wanted_printer = forms.ModelChoiceField(
        Printer.objects.none(), label="Printer", required=False, empty_label="Any printer", to_field_name="serial"
    )
    due_at = forms.DateTimeField(
        label="Due",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    rush = forms.BooleanField(required=False, help_text="Goes before all that is not rush.")
    note = OneLine(max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, printers: PrinterQuerySet, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        choose_from(self, "wanted_printer", printers)
        self.stored: dict[str, str] = {}
        """What somebody else wrote meanwhile into fields that this form would change, as text."""

    @classmethod
    def of(cls, job: PrintQueue, printers: PrinterQuerySet, data: Any = None) -> JobForm:
        """Return the form with what `job` wishes now."""
        return cls(data, printers=printers, initial=wishes(job))

    def shown_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields, each with what is stored in it if that differs."""
        dress(self)
        return [(field, self.stored.get(field.name, "")) for field in self]


class PrinterForm(forms.Form):
    """What staff may say of a printer: its name, and when the prints on it are stalled."""

    name = OneLine(max_length=MAX_PRINTER_NAME, required=False, help_text="Empty: as its client calls it.")
    silent_minutes = minutes("Not heard", "without a report, or with the printer not answering its client")
    still_minutes = minutes("No movement", "without a step of percent or layer, at the least: a slow print gets more")
    paused_minutes = minutes("Paused", "in which the print waits for somebody")

    @classmethod
    def of(cls, printer: Printer, house: tuple[int, int, int], data: Any = None) -> PrinterForm:
        """Return the form with what holds for `printer` now; `house` are the minutes that hold for all printers."""
        form = cls(data, initial={name: getattr(printer, name) for name in cls.base_fields})
        for name, house_minutes in zip(("silent_minutes", "still_minutes", "paused_minutes"), house, strict=True):
            meaning = f"{house_minutes}, as for all printers" if house_minutes else "never, as for all printers"
            form.fields[name].help_text += f". Empty: {meaning}. 0: never."
        return form

    def shown_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields, as `JobForm` does."""
        dress(self)
        return [(field, "") for field in self]


def wishes(job: PrintQueue) -> dict[str, Any]:
    """Return what `JobForm` shows of a job, by field."""
    return {name: getattr(job, name) for name in JobForm.base_fields} | {
        "wanted_printer": job.wanted_printer.serial if job.wanted_printer else None
    }


class ReasonForm(forms.Form):
    """A verb that asks before it acts."""

    title: ClassVar[str]
    text: ClassVar[str]
    button: ClassVar[str]
    is_dangerous: ClassVar[bool] = False

    reason = OneLine(max_length=MAX_REASON, required=False)

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)

    @property
    def is_ready(self) -> bool:
        """Whether the form came back filled in well, so that the verb may act."""
        return self.is_bound and self.is_valid()

    def shown_fields(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields, as `JobForm` does."""
        dress(self)
        return [(field, "") for field in self]


class StartForm(ReasonForm):
    """Where is it being printed?"""

    title = "Start"
    text = "Say where it is being printed. Its progress shows as soon as the printer is heard."
    button = "Start"

    printer = forms.ModelChoiceField(
        Printer.objects.none(), required=False, empty_label="Not said", to_field_name="serial"
    )
    field_order = ("printer", "reason")

    def __init__(self, request: HttpRequest, *, printers: PrinterQuerySet, wanted: Printer | None) -> None:
        super().__init__(request)
        choose_from(self, "printer", printers)
        self.initial["printer"] = wanted.serial if wanted else None


class FailForm(ReasonForm):
    """What went wrong?"""

    title = "Mark as failed"
    text = "The job can be queued again afterwards."
    button = "Mark as failed"
    is_dangerous = True


class CancelForm(ReasonForm):
    """Is it really no longer wanted?"""

    title = "Cancel"
    text = "Nobody will print it. A print that is running goes on at the printer: stop it there."
    button = "Cancel the job"
    is_dangerous = True


class ReopenForm(ReasonForm):
    """Why is it opened again?"""

    title = "Open again"
    text = "It goes back to the front of the queue. The reason stays in its history."
    button = "Open again"

    reason = OneLine(max_length=MAX_REASON, error_messages={"required": "Say why it is opened again."})
