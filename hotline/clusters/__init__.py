"""Mass matters (群体事件): one cause, many callers, one handling, a reply and a visit for each of them."""
