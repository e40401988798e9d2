"""Who hears of what happened to a print, when, in which words, and how it is delivered."""
