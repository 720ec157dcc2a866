"""ADS1115: four analogue inputs on the I2C bus, for boards without SPI. Source: Texas Instruments SBAS444D.

It has the interface of gpiozero's converters, so knobs use either. It talks to the kernel's I2C device; no library is
needed.
"""

import fcntl
import os
import threading
import time
from pathlib import Path
from typing import Protocol

BUSES = ("dev/i2c-1", "dev/i2c-7", "dev/i2c-8")  # on pins 3 and 5: Raspberry Pi and Jetson Nano, Orin, Xavier NX
ADDRESSES = (0x48, 0x49)  # ADDR to ground, to 3.3 V
SUPPLY_V, RANGE_V = 3.3, 4.096
TOP = 32767
CONVERSION_S = 0.0013  # at 860 conversions a second, with a margin
TRIES = 5

_RESULT, _CONFIG = 0, 1
# Start one conversion now, against ground, ±4.096 V, 860 a second, comparator off; the input is or-ed to it.
_START = 0x8000 | 0x4000 | 0x0200 | 0x0100 | 0x00E0 | 0x0003
_READY = 0x80  # in the upper byte of the configuration


class I2c(Protocol):
    """One chip on a bus. Raises OSError."""

    def write(self, data: bytes) -> None: ...

    def read(self, count: int) -> bytes: ...

    def close(self) -> None: ...


class KernelI2c:
    """A chip on the header's bus, by /dev/i2c-N. Raises FileNotFoundError where the bus is off, PermissionError."""

    _SLAVE = 0x0703  # linux/i2c-dev.h

    def __init__(self, address: int, root: Path = Path("/")) -> None:
        path = next((root / bus for bus in BUSES if (root / bus).exists()), root / BUSES[0])
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(self._fd, self._SLAVE, address)

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def read(self, count: int) -> bytes:
        return os.read(self._fd, count)

    def close(self) -> None:
        os.close(self._fd)


class ADS1115:
    """One input. Any thread; a reading takes about 1.5 ms. Raises OSError when the chip does not answer."""

    _one_at_a_time = threading.Lock()  # from choosing the input to reading it

    def __init__(self, channel: int, i2c: I2c) -> None:
        self._start = _START | channel << 12
        self._i2c = i2c

    @property
    def raw_value(self) -> int:
        """0…32767 for 0 V to the supply."""
        with self._one_at_a_time:
            self._i2c.write(bytes((_CONFIG, self._start >> 8, self._start & 0xFF)))
            for _ in range(TRIES):
                time.sleep(CONVERSION_S)
                if self._i2c.read(1)[0] & _READY:
                    break
            else:
                raise OSError("the ADS1115 does not end its conversion")
            self._i2c.write(bytes((_RESULT,)))
            counts = int.from_bytes(self._i2c.read(2), "big", signed=True)
        return min(max(round(counts * RANGE_V / SUPPLY_V), 0), TOP)

    @property
    def value(self) -> float:
        """0…1."""
        return self.raw_value / TOP

    def close(self) -> None:
        self._i2c.close()


class MockADS1115:
    """A simulated chip that answers as in the data sheet. positions: each input, 0…1 of the supply."""

    def __init__(self) -> None:
        self.positions = [0.0] * 4
        self._registers = {_RESULT: b"\0\0", _CONFIG: b"\x85\x83"}
        self._pointer = _RESULT

    def write(self, data: bytes) -> None:
        self._pointer = data[0]
        if len(data) == 3:
            config = data[1] << 8 | data[2]
            volts = self.positions[config >> 12 & 3] * SUPPLY_V
            self._registers[_RESULT] = min(round(volts / RANGE_V * 32768), TOP).to_bytes(2, "big", signed=True)
            self._registers[_CONFIG] = data[1:]

    def read(self, count: int) -> bytes:
        return self._registers[self._pointer][:count]

    def close(self) -> None:
        pass
