"""What people do with a run: whether it is for the queue at all."""

import pytest

from printqueue.models import InvalidTransition, PrintRun, Who
from tests.factories import Client, make_job, make_printer, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return Client(make_printer())


@pytest.fixture
def run(client: Client) -> PrintRun:
    """A print that nobody asked for."""
    run = client.says("printing", run_key="1@0", file_name="clip.gcode", progress=40).run
    assert run is not None
    return run


def test_a_print_that_is_not_ours_leaves_the_tray_with_who_and_when(client: Client, run: PrintRun) -> None:
    user = make_staff()

    run.not_ours(by=Who(user=user), now=client.now)

    assert not PrintRun.objects.unmatched(client.now).exists()
    run.refresh_from_db()
    assert (run.not_ours_by, run.not_ours_at) == (user, client.now)


def test_a_print_that_is_ours_after_all_waits_again(client: Client, run: PrintRun) -> None:
    run.not_ours(by=Who(user=make_staff()), now=client.now)

    run.ours(now=client.now)

    assert PrintRun.objects.unmatched(client.now).get() == run
    assert (run.not_ours_by, run.not_ours_at) == (None, None)


def test_saying_it_twice_changes_nothing_more(client: Client, run: PrintRun) -> None:
    first, second = make_staff(), make_staff()
    run.not_ours(by=Who(user=first), now=client.now)
    client.printer.refresh_from_db()
    before = client.printer.revision

    run.not_ours(by=Who(user=second), now=client.now)

    client.printer.refresh_from_db()
    assert (run.not_ours_by, client.printer.revision) == (first, before)


def test_both_reach_the_open_pages_by_the_printer(client: Client, run: PrintRun) -> None:
    revisions = [client.printer.structure_revision]
    for act in (lambda: run.not_ours(by=Who(), now=client.now), lambda: run.ours(now=client.now)):
        act()
        client.printer.refresh_from_db()
        revisions.append(client.printer.structure_revision)

    assert revisions == sorted(set(revisions))
    assert client.printer.as_wire()["linksChangedTime"] is not None


def test_a_print_of_a_job_cannot_be_set_aside(client: Client, run: PrintRun) -> None:
    job = make_job()
    job.link(run, by=Who(), now=client.now)

    with pytest.raises(InvalidTransition, match=f"linked to {job.code} by now"):
        run.not_ours(by=Who(), now=client.now)

    assert run.not_ours_at is None


def test_reports_go_on_and_do_not_bring_it_back(client: Client) -> None:
    run = client.says("preparing", run_key="1@0").run
    assert run is not None
    run.not_ours(by=Who(), now=client.now)
    job = make_job(print_file_name="clip.gcode")

    client.says("printing", run_key="1@0", file_name="clip.gcode", progress=41)

    job.refresh_from_db()
    run.refresh_from_db()
    assert (run.progress, run.job, job.state) == (41, None, "ready")
    assert not PrintRun.objects.unmatched(client.now).exists()


def test_a_link_says_that_it_is_ours(client: Client, run: PrintRun) -> None:
    run.not_ours(by=Who(user=make_staff()), now=client.now)
    job = make_job()

    job.link(run, by=Who(), now=client.now)

    assert (run.job, run.not_ours_at, run.not_ours_by) == (job, None, None)
