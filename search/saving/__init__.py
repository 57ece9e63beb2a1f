"""保存的检索: a question under a name of one's own, and word of what is new to it."""
