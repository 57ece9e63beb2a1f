"""The city column on one machine, without containers: what `make city` and `make elasticsearch` start."""
