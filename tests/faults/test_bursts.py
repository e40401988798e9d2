"""Writes faster than pages take them, and pages that come and go meanwhile."""

from tests.faults.reports import reporting


def test_after_200_reports_in_a_burst_the_page_knows_what_the_database_holds(start_server, audience, reporters):
    """Row 1: 200 reports in one burst, one page."""
    server = start_server()
    [page] = audience.open(server)
    audience.wait_until_open()

    with reporting(reporters([server], jobs=1), [step / 2 for step in range(200)]):
        pass

    audience.wait_until_right()
    assert page.ids_back == 0
