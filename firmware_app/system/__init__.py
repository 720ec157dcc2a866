"""The box as a machine: versions, logs, diagnostics, backup, restart, power. Control process."""
