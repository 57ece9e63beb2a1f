"""消息: what the hall tells a person, inside the hall first."""
