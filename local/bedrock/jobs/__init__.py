"""Jobs: what all kinds share."""
