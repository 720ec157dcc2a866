"""The built-in demo vocal: a sung phrase and its noise, all of it synthetic. Nobody was recorded for it."""
