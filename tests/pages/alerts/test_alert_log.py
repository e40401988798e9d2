"""The delivery log: GET /admin/print-queue/alerts/log/."""

from datetime import timedelta

import pytest
from django.utils import timezone

from printqueue.models import AlertAttempt, AlertState, AttemptOutcome, FactKind, Printer
from printqueue.views.pages import queue
from tests.factories import NOW, make_alert, make_fact, make_job, make_printer, make_target
from tests.pages.alerts.conftest import ALERTS
from tests.pages.conftest import LIST, text_of

LOG = f"{ALERTS}log/"


def rows(response):
    """How many messages an answer shows."""
    return text_of(response).count('class="log-row"')


def test_an_empty_log_says_what_comes_here(browser):
    assert "Nothing has been told yet" in text_of(browser.get(LOG))


def test_a_message_says_what_was_told_of_which_job_to_whom_and_when(browser, staff):
    job = make_job(design_name="Ring", now=NOW)
    fact = make_fact(FactKind.FAILED, job=job, detail="0300_8003 Spaghetti found")
    make_alert(make_target(staff, name="Phone"), fact)

    html = text_of(browser.get(LOG))

    for text in (
        "Failed",
        "0300_8003 Spaghetti found",
        f'href="{LIST}{job.pk}/">{job.code}</a> Ring',
        str(fact.printer),
    ):
        assert text in html
    for text in ("Phone (ntfy)", "Mine", "Sent", 'datetime="2026-11-23T15:06:00'):
        assert text in html


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AlertState.WAITING, "Waiting"),
        (AlertState.SENDING, "Sending"),
        (AlertState.SENT, "Sent"),
        (AlertState.DEAD, "Given up"),
        (AlertState.LOGGED, "Too old to send"),
    ],
)
def test_a_state_is_a_word_beside_an_icon(state, words, browser, staff):
    make_alert(make_target(staff), state=state)

    assert '<use href="#i-' in text_of(browser.get(LOG)).split('class="badge"')[1]
    assert f"<span>{words}</span>" in text_of(browser.get(LOG))


def test_attempts_are_told_with_their_reasons(browser, staff):
    alert = make_alert(make_target(staff), state=AlertState.DEAD, last_error="It was refused.")
    AlertAttempt.note([alert], AttemptOutcome.FAILED, "554 Relay access denied", at=NOW, took=timedelta(seconds=1.2))
    AlertAttempt.note([alert], AttemptOutcome.UNCERTAIN, "", at=NOW, took=None)

    html = text_of(browser.get(LOG))

    assert "2 attempts" in html
    assert "Failed after 1.2 s: 554 Relay access denied" in html
    assert "Broken off: it may have arrived" in html
    assert "It was refused." in html


def test_what_may_be_a_repeat_says_so(browser, staff):
    make_alert(make_target(staff), is_repeat=True)

    assert "May be a repeat" in text_of(browser.get(LOG))


def test_what_waits_says_until_when(browser, staff):
    make_alert(make_target(staff), state=AlertState.WAITING, due_at=timezone.now() + timedelta(hours=1))

    assert "until <time" in text_of(browser.get(LOG))


def test_no_address_is_in_it(browser, staff):
    make_alert(make_target(staff, url="ntfys://ntfy.sh/very-secret-topic"))

    assert "very-secret-topic" not in text_of(browser.get(LOG))


def test_one_sees_ones_own_and_the_shops(browser, staff, colleague):
    make_alert(make_target(staff, name="Mine"))
    make_alert(make_target(None, name="Workshop"))
    make_alert(make_target(colleague, name="Theirs"))

    html = text_of(browser.get(LOG))

    assert "Workshop (ntfy)" in html
    assert "Theirs" not in html
    assert rows(browser.get(LOG)) == 2


def test_managers_see_all_and_whose_it_was(manager, colleague):
    make_alert(make_target(colleague))

    assert "Ole Berg" in text_of(manager.get(LOG))


@pytest.fixture
def three(staff):
    """Three messages that differ in everything."""
    phone, tablet = make_target(staff, name="Phone"), make_target(staff, name="Tablet")
    job = make_job(now=NOW)
    make_alert(phone, make_fact(FactKind.FAILED, job=job), state=AlertState.DEAD)
    make_alert(phone, make_fact(FactKind.COMPLETED))
    make_alert(tablet, make_fact(FactKind.COMPLETED), state=AlertState.WAITING)
    return job


def test_it_is_filtered_by_state_kind_place_and_code(three, browser):
    found = {
        name: rows(browser.get(LOG, {name: value}))
        for name, value in {"state": "dead", "kind": "completed", "q": "tabl"}.items()
    }

    assert found == {"state": 1, "kind": 2, "q": 1}
    assert rows(browser.get(LOG, {"q": three.code.lower()})) == 1


def test_it_is_filtered_by_printer(browser, staff):
    for _ in range(2):
        make_alert(make_target(staff), make_fact(FactKind.FAILED))
    serial = Printer.objects.all()[0].serial

    assert rows(browser.get(LOG, {"printer": serial})) == 1


def test_the_form_shows_what_was_chosen(three, browser):
    html = text_of(browser.get(LOG, {"state": "dead", "kind": "failed", "q": "Phone"}))

    assert '<option value="dead" selected>' in html
    assert '<option value="failed" selected>' in html
    assert 'value="Phone"' in html


@pytest.mark.parametrize("query", ["state=x", "kind=x", "page=x", "page=99999", "printer=%00", "q=%00%ff", "page=-1"])
def test_what_makes_no_sense_in_an_address_is_passed_over(query, three, browser):
    assert browser.get(f"{LOG}?{query}").status_code == 200


def test_a_filter_that_leaves_nothing_offers_the_way_back(three, browser):
    html = text_of(browser.get(LOG, {"q": "zz"}))

    assert "No message matches" in html
    assert f'href="{LOG}">Show all' in html


def test_a_long_log_has_pages(browser, staff, monkeypatch):
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    target = make_target(staff)
    for _ in range(3):
        make_alert(target)

    first, second = browser.get(LOG), browser.get(LOG, {"page": "2"})

    assert (rows(first), rows(second)) == (2, 1)
    assert f'href="{LOG}?page=2"' in text_of(first)
    assert "page 2 of 2" in text_of(second)


def test_it_looks_again_only_while_something_is_under_way(browser, staff):
    alert = make_alert(make_target(staff))
    assert "every 3s" not in text_of(browser.get(LOG))

    alert.state = AlertState.SENDING
    alert.save()

    assert "every 3s" in text_of(browser.get(LOG))


def test_htmx_gets_it_without_the_frame_of_the_page(htmx, staff):
    make_alert(make_target(staff))

    assert text_of(htmx.get(LOG)).startswith('<div id="alert-log"')


def test_the_number_of_queries_does_not_grow_with_messages(browser, staff, django_assert_max_num_queries):
    counts = []
    for _ in range(3):
        alert = make_alert(make_target(staff), make_fact(job=make_job(now=NOW)))
        AlertAttempt.note([alert], AttemptOutcome.SENT, "", at=NOW, took=timedelta(seconds=1))
        with django_assert_max_num_queries(12) as queries:
            browser.get(LOG)
        counts.append(len(queries))

    assert len(set(counts)) == 1


def test_the_message_of_a_hidden_job_leads_nowhere(browser, staff):
    job = make_job(now=NOW)
    make_alert(make_target(staff), make_fact(job=job))
    job.hide()

    html = text_of(browser.get(LOG))

    assert "ring.gcode" in html
    assert job.code not in html


def test_it_offers_all_printers_to_filter_by(browser):
    make_printer("left", name="Left P1S")

    assert '<option value="left">Left P1S</option>' in text_of(browser.get(LOG))
