"""Every fault that the live pages must survive, with real server processes: the one catalogue of them.

The claim is always the same: after 2 s of quiet each page knows what the database holds, nothing acknowledged is lost,
nobody saw what they may not, and memory and files came back. A promise in seconds is waited for three times as long,
and what it took is logged beside its limit (`--log-cli-level=INFO` shows it).

    row  fault                                                where
      1  200 reports in a burst                               test_bursts
      2  the event loop blocked for 2 s                       test_bursts
      3  streams resumed under flow                           test_bursts
      4  pages rendered, then subscribed, under flow          test_bursts
      5  the hint lost; the listening connections killed      test_hints
      6  PostgreSQL frozen                                    test_database_away
      7  two processes that never hint                        test_hints
      8  kill -9 of servers under reports                     test_server_killed
      9  PostgreSQL restarted                                 test_database_away
     10  PostgreSQL down                                      test_database_away
     11  eight writers, one reader                            test_order, tests/live/test_revisions
     12  rollback after the hint                              test_order
     13  a backup restored                                    test_restored_backup
     22  SIGTERM during a report                              test_server_killed
     23  restart with 500 pages                               test_server_killed
     43  reports shuffled and doubled                         test_order
     45  two clients, one job or printer                      test_order
     47  12 parallel clients on SQLite                        test_order
      -  all at once, three times                             test_chaos

The first line of each test's docstring names its row. The parts: `audience` (open pages, held to the database),
`reports` (programs that report and repeat), `wire` (loses hints), `own_postgres` (may be frozen and shut down),
`measure` (what a process holds).
"""
