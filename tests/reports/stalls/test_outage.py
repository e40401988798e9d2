"""Stalls and a server that was down: a print is watched only while somebody could hear of it."""

from datetime import timedelta

import pytest

from printqueue import periodic
from printqueue.models import Fact, Listening
from tests.factories import NOW
from tests.reports.stalls.story import NUMBERS, facts, says


class TestAServerThatWasDownForAnHour:
    """The print went on meanwhile, and its client kept what it could not send."""

    @pytest.fixture
    def back(self, client, job):
        """When the server listens again."""
        says(client, 1)
        client.now += timedelta(hours=1)
        Listening.beat(client.now)
        return client.now

    def test_nothing_is_noticed_before_a_limits_time_has_passed(self, client, back):
        for seconds in range(0, 295, 5):
            Listening.beat(back + timedelta(seconds=seconds))
            periodic.notice_stalls(back + timedelta(seconds=seconds))

        assert facts() == []

    def test_a_client_that_stays_away_is_noticed_then(self, client, back):
        for seconds in range(0, 306, 5):
            Listening.beat(back + timedelta(seconds=seconds))
        periodic.notice_stalls(back + timedelta(seconds=305))

        assert facts() == ["no_reports!"]
        assert Fact.objects.get().at == back + timedelta(minutes=5)

    def test_reports_that_were_kept_raise_nothing_on_their_way_in(self, client, back):
        for minutes_ago in range(60, 0, -1):
            client.now = back + timedelta(seconds=6 * (60 - minutes_ago))
            Listening.beat(client.now)
            state = "paused" if 30 < minutes_ago < 50 else "offline" if 10 < minutes_ago < 14 else "printing"
            fields = {**NUMBERS, "progress": 46 + (60 - minutes_ago) / 3}
            measured_at = back - timedelta(minutes=minutes_ago)
            client.says(state, after_seconds=0, run_key="1@0", measured_at=measured_at, **fields)
            periodic.notice_stalls(client.now)

        assert facts() == []

    def test_a_worker_alone_notices_nothing(self, client, job):
        says(client, 1)

        for minutes in range(90):
            periodic.notice_stalls(client.now + timedelta(minutes=minutes))

        assert facts() == []


@pytest.mark.django_db
class TestWhoListens:
    def test_without_a_beat_nobody_does(self):
        assert Listening.since_when(NOW) is None

    def test_it_began_with_the_first_beat(self):
        for seconds in range(0, 3600, 5):
            Listening.beat(NOW + timedelta(seconds=seconds))

        assert Listening.since_when(NOW + timedelta(hours=1)) == NOW

    @pytest.mark.parametrize("minutes", [1, 60, -1, -60], ids=lambda minutes: f"{minutes:+} min")
    def test_it_began_anew_after_a_sleep_and_when_the_clock_was_set(self, minutes):
        Listening.beat(NOW)

        later = NOW + timedelta(minutes=minutes)
        assert Listening.since_when(later) is None
        Listening.beat(later)
        assert Listening.since_when(later) == later

    def test_it_goes_on_over_a_quick_restart(self):
        Listening.beat(NOW)
        Listening.beat(NOW + timedelta(seconds=20))

        assert Listening.since_when(NOW + timedelta(seconds=45)) == NOW

    def test_a_second_server_changes_nothing(self):
        for seconds in range(0, 600, 5):
            Listening.beat(NOW + timedelta(seconds=seconds))
            Listening.beat(NOW + timedelta(seconds=seconds - 2))

        assert Listening.since_when(NOW + timedelta(seconds=600)) == NOW
