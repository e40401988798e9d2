"""How good the estimates were: GET /admin/print-queue/estimates/."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils import timezone

from printqueue.models import Printer, PrintRun
from printqueue.views.pages import estimates
from printqueue.worth import Off, Source, written
from tests.factories import make_printer
from tests.pages.conftest import LIST, text_of, words_in

PAGE = f"{LIST}estimates/"


def measured(on: Printer | None, days_ago: float = 1, **off: Off) -> None:
    """A completed run of which it was measured how far off each source was."""
    ended_at = timezone.now() - timedelta(days=days_ago)
    PrintRun.objects.create(
        run_key=str(PrintRun.objects.count()), state="completed", printer=on, is_measured=True,
        started_at=ended_at, ended_at=ended_at, worked_seconds=3600, marks="[]",
        worth=written({Source(name): far for name, far in off.items()}),
    )  # fmt: skip


def tables(html: str) -> list[str]:
    """What each table says, with its heading."""
    return [words_in(section) for section in re.findall(r'<h2 id="worth.*?</table>', html, re.DOTALL)]


def test_without_any_print_it_says_when_there_will_be_something(browser):
    html = text_of(browser.get(PAGE))

    assert "No print has completed yet" in html
    assert tables(html) == []


def test_it_says_how_far_off_each_source_was_at_each_mark(browser, printer):
    measured(printer, ours=(0.1, 0.05, 0.02, 0.01), printer=(0.3, 0.2, 0.1, None))
    measured(printer, ours=(0.2, 0.05, 0.04, 0.01), printer=(0.3, None, 0.1, None))

    [table] = tables(text_of(browser.get(PAGE)))

    assert table.startswith("Left P1S 2 prints")
    assert "What these pages say 15 % 19 % 5.0 % 5.0 % 3.0 % 3.8 % 1.0 % 1.0 % 2" in table
    assert "The printer’s own figure 30 % 30 % 20 % 20 % 10 % 10 % — 2" in table
    assert "slicer" not in table


def test_what_matters_most_is_a_sentence(browser, printer):
    measured(printer, ours=(None, None, 0.05, None))

    assert "off by 5.0 % of its length or less" in text_of(browser.get(PAGE))
    assert "In a print of two hours that is 6 and 6 minutes" in text_of(browser.get(PAGE))


def test_several_printers_are_told_together_and_each_by_itself(browser, printer):
    measured(printer, ours=(0.1, 0.1, 0.1, 0.1))
    measured(make_printer("right", name="Right P1S"), ours=(0.3, 0.3, 0.3, 0.3))
    measured(None, ours=(0.2, 0.2, 0.2, 0.2))

    found = tables(text_of(browser.get(PAGE)))

    assert [table.split(" watched")[0] for table in found] == [
        "All printers 3 prints",
        "Left P1S 1 print",
        "Right P1S 1 print",
    ]


def test_a_printer_out_of_use_has_no_table_of_its_own(browser):
    measured(make_printer("old", name="Old One", is_enabled=False), ours=(0.1, 0.1, 0.1, 0.1))

    assert [table.split(" watched")[0] for table in tables(text_of(browser.get(PAGE)))] == ["All printers 1 print"]


def test_the_latest_prints_count_alone(browser, printer, monkeypatch):
    monkeypatch.setattr(estimates, "LATEST", 2)
    for days_ago, off in ((3, 0.9), (2, 0.1), (1, 0.1)):
        measured(printer, days_ago, ours=(off, off, off, off))

    [table] = tables(text_of(browser.get(PAGE)))

    assert table.startswith("Left P1S 2 prints")
    assert "90 %" not in table


def test_it_is_in_the_menu(browser):
    assert f'href="{PAGE}"' in text_of(browser.get(LIST))


def test_the_number_of_queries_does_not_grow_with_what_was_printed(browser, printer, django_assert_max_num_queries):
    counts = []
    for number in range(2):
        measured(printer, ours=(0.1, 0.1, 0.1, 0.1))
        measured(make_printer(f"p{number}"), ours=(0.1, 0.1, 0.1, 0.1))
        with django_assert_max_num_queries(6) as queries:
            browser.get(PAGE)
        counts.append(len(queries))

    assert counts[0] == counts[1]
