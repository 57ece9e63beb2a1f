"""离岗移交: nobody's account is shut while something stands in their name; a successor takes it over first."""
