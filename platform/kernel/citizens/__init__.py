"""市民: registering, proving who one is, and coming back in after a password or telephone was lost."""
