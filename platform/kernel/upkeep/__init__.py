"""看护: what the keepers must see without looking for it: jobs, alarms, settings, how long things are kept."""
