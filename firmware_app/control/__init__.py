"""Control, the one owner of live settings, and what it steers."""
