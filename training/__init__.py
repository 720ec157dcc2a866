"""How the shipped weights were made, from data to bundle. Never installed on the box."""
