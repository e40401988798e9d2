"""The ids of a viewer who may see some printers alone."""

from printqueue.live.position import NOWHERE, Position
from printqueue.live.sight import Sight

NOW = Position("0123abcd", 17)


def test_its_own_id_leads_back_to_where_it_stood():
    assert Sight(frozenset({2, 1})).place(Sight(frozenset({1, 2})).own(NOW), NOW) == NOW


def test_an_id_of_another_sight_or_history_or_of_those_who_see_all_leads_nowhere_that_is_known():
    sight = Sight(frozenset({1, 2}))

    for told in (Sight(frozenset({1})).own(NOW), sight.own(Position("89abcdef", 17)), NOW, Position("00000000", 0)):
        assert sight.place(told, NOW) not in {NOWHERE, Position(NOW.epoch, told.revision)}


def test_who_was_told_nothing_stands_nowhere():
    assert Sight(frozenset()).place(NOWHERE, NOW) == NOWHERE


def test_only_the_ids_of_events_are_changed():
    own = Sight(frozenset({1})).own(NOW)
    events = b'event: message\nid: pf-0123abcd:17\ndata: {"name": "id: pf-0123abcd:17"}\n\nid: pf-0123abcd:17\n'

    told = Sight(frozenset({1})).with_own_ids(events)

    assert told.decode() == events.decode().replace("\nid: pf-0123abcd:17", f"\nid: {own}")
