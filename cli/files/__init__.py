"""Files: checked before a run, fetched after it, made again from the replies."""
