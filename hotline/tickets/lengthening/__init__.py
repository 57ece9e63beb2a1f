"""A longer limit instead of the ordinary one: of a hard case (疑难件), or of a special law (法定时限)."""
