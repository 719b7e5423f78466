"""Large work: partitioned datasets on disk, coverage and siting inputs from them, sweeps."""
