"""Where data comes in: embedded tables, and what users bring."""
