"""How the box stays in reach: its own Wi-Fi, the studio's, the country, the name, the captive page."""
