"""The account before the first run: `doctor` looks, `prove` tries what no document settles."""
