"""Shortest paths over arrays: knows no geography and no units but milliseconds."""
