"""The kinds of pages that the admin is made of: rows that are kept, that are only read, or that are asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse

from printqueue.models import Busy, InvalidTransition
from printqueue.models.locks import in_transaction

# At run time these classes take no type arguments.
if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin, TabularInline = admin.ModelAdmin, admin.TabularInline

REFUSALS: Final = (Busy, InvalidTransition, ValidationError)
"""What a change may be refused with though its form was right: the row, or the database, has moved on meanwhile."""


def in_words(refusal: Exception) -> str:
    """Return one of `REFUSALS` as people read it."""
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)


class Kept(ModelAdmin):
    """Rows that are not deleted here, and whose edits are logged as old → new."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show or save a row; a save that could not get its locks starts again, one that is refused says why."""
        answer = super().changeform_view
        if request.method != "POST":
            return answer(request, object_id, form_url, extra_context)
        try:
            # Within the admin's own transaction nothing could be repeated.
            return in_transaction(answer)(request, object_id, form_url, extra_context)
        except REFUSALS as refusal:
            self.message_user(request, f"Nothing was saved. {in_words(refusal)}", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Any, add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        """Say "added", or each change as old → new where the history shows the name of the field."""
        if add:
            return [{"added": {}}]
        changes = [f"{name}: {form.initial.get(name)!s} → {form.cleaned_data[name]!s}" for name in form.changed_data]
        return [{"changed": {"fields": changes}}] if changes else []


class ReadOnly(Kept):
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Row(TabularInline):
    """Rows of another table, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Asking(Kept):
    """Actions that ask something on a page of their own before they do it."""

    def ask(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        make_form: Callable[[QueryDict | None], forms.Form],
        title: str,
        act: Callable[[Any, dict[str, Any]], None],
    ) -> HttpResponse | None:
        """Show the form; once it is filled in, call `act` with each row and the answers, and tell how it went."""
        form = make_form(request.POST if "answered" in request.POST else None)
        if not form.is_valid():
            context = {
                **self.admin_site.each_context(request),
                "title": title,
                "rows": rows,
                "form": form,
                "action": request.POST["action"],
                "opts": self.opts,
            }
            return TemplateResponse(request, "admin/printqueue/ask.html", context)
        self.do(request, rows, title, lambda row: act(row, form.cleaned_data))
        return None

    def do(self, request: HttpRequest, rows: Iterable[Any], title: str, act: Callable[[Any], None]) -> None:
        """Call `act` with each row; say which it did not suit, and why."""
        for row in rows:
            try:
                act(row)
            except REFUSALS as refusal:
                self.message_user(request, f"{row}: {in_words(refusal)}", messages.ERROR)
            else:
                self.log_change(request, row, title)
                self.message_user(request, f"{row}: done.", messages.SUCCESS)
