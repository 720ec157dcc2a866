"""The pin libraries that can drive the header, by the name that the settings give them. Imports none of them."""

FACTORIES = {  # in order of preference: lgpio is the only one that a Pi 5 accepts
    "lgpio": ("gpiozero.pins.lgpio", "LGPIOFactory"),
    "rpigpio": ("gpiozero.pins.rpigpio", "RPiGPIOFactory"),
    "pigpio": ("gpiozero.pins.pigpio", "PiGPIOFactory"),
    "native": ("gpiozero.pins.native", "NativeFactory"),
    "jetson": ("hw.board.pins_jetson", "JetsonFactory"),
}
CHOICES = ("auto", *FACTORIES, "mock", "off")
