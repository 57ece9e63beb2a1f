"""What the approval-case core adds to the demo city."""
