"""Simulations of libraries and devices that need a GPU."""
