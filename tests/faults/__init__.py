"""Every fault that the live pages must survive, with real server processes: the one catalogue of them.

The claim is always the same: after 2 s of quiet each page knows what the database holds, nothing acknowledged is lost,
nobody saw what they may not, and memory and files came back. A promise in seconds is waited for three times as long,
and what it took is logged beside its limit (`--log-cli-level=INFO` shows it).

    row  fault                                                where
      1  200 reports in a burst                               test_bursts
      2  the event loop blocked for 2 s                       test_bursts
      3  streams resumed under flow                           test_bursts
      4  pages rendered, then subscribed, under flow          test_bursts
      5  the hint lost; the listening connections killed, or  test_hints
         dead without a word
      6  PostgreSQL frozen                                    test_database_away
      7  two processes that never hint                        test_hints
      8  kill -9 of servers under reports                     test_server_killed
      9  PostgreSQL restarted                                 test_database_away
     10  PostgreSQL down                                      test_database_away
     11  eight writers, one reader                            test_order, tests/live/test_revisions
     12  rollback after the hint                              test_order
     13  a backup restored                                    test_restored_backup, e2e
     14  a job hidden while a page is cut off                 test_clients_that_go, e2e
     15  a client closes, resets, is killed                   test_clients_that_go, e2e
     16  a client's network drops                             test_clients_that_go
     17  2,000 clients come and go                            test_clients_that_go
     18  clients that read nothing                            test_clients_that_go
     19  200 pages, PostgreSQL of 10 connections              test_limits_and_seats
     20  500 pages in 1,024 files                             test_limits_and_seats
     21  SIGTERM with 50 pages; with a frozen database        test_the_end_of_the_process, test_database_away
     22  SIGTERM during a report                              test_server_killed
     23  restart with 500 pages                               test_server_killed, e2e
     24  8 s of 502 from a proxy                              e2e: test_live_faults
     25  ten tabs                                             e2e: test_live_tabs
     27  a frozen server                                      e2e: test_live_faults
     28  anonymous watchers                                   test_access_that_ends
     29  every address without credentials                    test_access_that_ends
     30  access that ends                                     test_access_that_ends, e2e: test_live_access
     31  malformed ids, parameters and requests               test_refusals_and_abuse
     32  an exception in the midst of a stream                test_refusals_and_abuse
     33  a page more than there are seats                     test_limits_and_seats
     43  reports shuffled and doubled                         test_order
     45  two clients, one job or printer                      test_order
     47  12 parallel clients on SQLite                        test_order
     48  300 half-open requests                               test_refusals_and_abuse
      -  bodies of 40 MB                                      test_refusals_and_abuse
      -  all at once, three times                             test_chaos

The first line of each test's docstring names its row. The parts: `audience` (open pages, held to the database),
`reports` (programs that report and repeat), `wire` (loses hints), `own_postgres` (may be frozen and shut down),
`far_postgres` (on another network), `networks` (may be unplugged), `measure` (what a process holds). What only a browser shows is in `tests/e2e`.
"""
