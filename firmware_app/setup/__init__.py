"""Setting the box up from the page: audio settings, sound check, hardware levels, wizard, PIN. Control process."""
