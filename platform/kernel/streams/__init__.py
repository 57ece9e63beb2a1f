"""Live streams (实时推送): whoever watches gets every event of a source once and in order, over Server-Sent Events.

The database is the truth here, too: a message through Redis only says that there is something new. Who was away gives
the number of the last event it has (`Last-Event-ID`) and gets what came since; a process holds nothing else."""
