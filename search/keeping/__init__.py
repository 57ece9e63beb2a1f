"""检索索引: how the index stands, for the administrators."""
