"""The manager's wall of the day (今日大屏): counts, charts with their tables, and a stream that says when to look."""
