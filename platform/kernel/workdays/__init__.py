"""工作日历 as people keep it: a year at a glance, a notice written down by one and confirmed by another."""
