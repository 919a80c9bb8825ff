#!/usr/bin/env python3
"""Draws the pictures of assets/content/ that are our own: DDS files, DXT5, of the sizes that the game knows, one flat colour in
each block of 4 x 4 points (reference 06 §10.2, 10.3). Nothing but Python's own library.

    python3 assets/make_pictures.py [folder]
"""
import os
import struct
import sys

GLYPHS = {  # 5 x 7, a row a number, the high bit left
    "M": (17, 27, 21, 21, 17, 17, 17), "U": (17, 17, 17, 17, 17, 17, 14), "R": (30, 17, 17, 30, 20, 18, 17),
    "E": (31, 16, 16, 30, 16, 16, 31), "L": (16, 16, 16, 16, 16, 16, 31), "A": (14, 17, 17, 31, 17, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4), "W": (17, 17, 17, 21, 21, 27, 17), "C": (14, 17, 16, 16, 16, 17, 14),
    "O": (14, 17, 17, 17, 17, 17, 14), "N": (17, 25, 21, 19, 17, 17, 17), "7": (31, 1, 2, 4, 8, 8, 8), " ": (0,) * 7,
}


class Picture:
    """A grid of blocks; colours are (red, green, blue)."""

    def __init__(self, width, height, colour_of):
        self.width, self.height = width // 4, height // 4
        self.blocks = [[colour_of(x / self.width, y / self.height) for x in range(self.width)] for y in range(self.height)]

    def box(self, x, y, width, height, colour):
        for row in self.blocks[max(y, 0):y + height]:
            for i in range(max(x, 0), min(x + width, self.width)):
                row[i] = colour

    def text(self, words, y, size, colour):
        """Centred; `size` blocks a dot."""
        x = (self.width - (6 * len(words) - 1) * size) // 2
        for letter in words:
            for row, bits in enumerate(GLYPHS[letter]):
                for column in range(5):
                    if bits >> (4 - column) & 1:
                        self.box(x + column * size, y + row * size, size, size, colour)
            x += 6 * size

    def dds(self):
        header = struct.pack("<4s7I44x2I4s20xI16x", b"DDS ", 124, 0x1007, self.height * 4, self.width * 4, 0, 0, 0, 32, 4,
                             b"DXT5", 0x1000)
        return header + b"".join(self.block(colour) for row in self.blocks for colour in row)

    @staticmethod
    def block(colour):
        red, green, blue = colour
        c = red >> 3 << 11 | green >> 2 << 5 | blue >> 3
        return b"\xff\xff" + bytes(6) + struct.pack("<HH", c, c) + bytes(4)


def mix(a, b, part):
    return tuple(int(x + (y - x) * part) for x, y in zip(a, b))


def promo_welcome():
    """512 x 644, the size of a promo message: dusk over a planet's edge, with our name on it."""
    night, dusk, glow, planet = (6, 10, 24), (28, 60, 104), (255, 180, 0), (12, 18, 30)

    def colour_of(x, y):
        edge = 0.80 - 0.12 * (1 - (2 * x - 1) ** 2)
        if y > edge:
            return mix(planet, night, min(1, (y - edge) * 6))
        return mix(mix(night, dusk, y ** 2), glow, max(0, 1 - (edge - y) * 9) * 0.8)

    p = Picture(512, 644, colour_of)
    for i in range(90):  # stars, wherever this sends them
        x, y = i * 7919 % 1021 % p.width, i * 104729 % 997 % 90
        p.box(x, y, 1, 1, mix(night, (255, 255, 255), 0.3 + i % 7 / 10))
    p.text("WELCOME", 34, 2, (200, 214, 235))
    p.text("MU RELAY", 54, 2, (255, 255, 255))
    p.box(16, 74, 96, 1, glow)
    return p.dds()


PICTURES = {"promo_welcome.dds": promo_welcome}


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "content")
    for name, draw in PICTURES.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(draw())


if __name__ == "__main__":
    main()
