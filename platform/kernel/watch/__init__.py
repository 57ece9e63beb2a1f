"""谁看过: the looks at confidential things, asked by thing, by person, by time and by a leaked passage."""
