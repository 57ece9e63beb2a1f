"""Programs of others that write here for a long time (接口客户端): each with a token of its own, shown once."""
