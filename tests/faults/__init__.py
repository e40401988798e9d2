"""Every fault that the live pages must survive, with real server processes: one catalogue, one test a row.

The claim is always the same: after 2 s of quiet each page knows what the database holds, nothing acknowledged is lost,
nobody saw what they may not, and memory and files came back.
"""
