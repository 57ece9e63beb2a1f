"""Reports (报表): what was counted is frozen, signed, checked by a person, and never changed afterwards."""
