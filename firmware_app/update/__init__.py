"""Updates: looking for a newer version, installing it beside the running one, trying it, going back by itself."""
