"""调阅令 and 紧急授权: two persons let somebody read what isn't theirs to read, for an hour, with everybody told."""
