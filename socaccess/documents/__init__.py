"""What leaves as tables and records: CSV, study.json."""
