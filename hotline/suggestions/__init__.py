"""What the desk proposes while somebody types: category, agency, the same matter again. A person always decides."""
