"""Trains what the recipe asks for and evaluates it."""
