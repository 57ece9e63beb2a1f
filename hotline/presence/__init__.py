"""Who has the same ticket open (正在看): a soft sign, never a lock."""
