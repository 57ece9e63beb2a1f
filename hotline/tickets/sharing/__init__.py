"""What the agencies of one ticket do beside each other: lead, assist, delegated; objections, extensions, pauses."""
