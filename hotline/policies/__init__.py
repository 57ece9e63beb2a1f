"""Time-limit policies (时限策略): versioned data, pinned by every ticket when it is registered."""
