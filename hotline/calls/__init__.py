"""Telephony (来电): what an exchange tells of its calls, whose desk they pop, and who has to be called back."""
