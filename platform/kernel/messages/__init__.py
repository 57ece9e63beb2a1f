"""What leaves the house for a person: texts and e-mail, each handed on once, and the codes that come by them."""
