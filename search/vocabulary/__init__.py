"""检索词典: what is called otherwise, what of a question says nothing, and how signs of several readings are read."""
