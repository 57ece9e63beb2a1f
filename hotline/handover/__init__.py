"""Emergencies handed over (一键转接 110、119、120): the packet, how it goes out, and the receipt that comes back."""
