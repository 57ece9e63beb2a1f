"""Files (附件): kept sealed under their own hash, recognised by their bytes."""
