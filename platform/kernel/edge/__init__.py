"""Where the outside ends: limits, headers and checks that hold before anything is parsed."""
