"""Rules of supervision (监督规则): versioned data over the alarms of clocks."""
