"""Drafts of the operator's desk (草稿): what is being written about a call, kept here every two seconds."""
