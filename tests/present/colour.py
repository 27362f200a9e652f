"""How far apart colours look: CIE-Lab distances for normal and colour-blind eyes, and lightness for grey prints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from numpy.typing import NDArray

__all__ = ["VISIONS", "contrast_ratio", "lab", "least_distance", "lightness", "simulate"]

Array = NDArray[np.float64]

# Full dichromacy in linear RGB: Machado, Oliveira and Fernandes (2009), doi 10.1109/TVCG.2009.113, severity 1.0.
_DICHROMACY: dict[str, Array] = {
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}

VISIONS = ("normal", "protan", "deutan", "tritan")

# sRGB to CIE XYZ under D65 (IEC 61966-2-1), and the white point that belongs to it
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)


def _linear(colour: str) -> Array:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Array) -> Array:
    clipped = np.clip(linear, 0.0, 1.0)
    return np.where(clipped <= 0.0031308, clipped * 12.92, 1.055 * clipped ** (1 / 2.4) - 0.055)


def simulate(colour: str, vision: str) -> str:
    """Colour as a person with ``vision`` sees it, as hexadecimal text.

    >>> simulate("#808080", "deutan")
    '#808080'
    """
    if vision == "normal":
        return str(to_hex(colour))
    return str(to_hex(tuple(_encoded(_DICHROMACY[vision] @ _linear(colour)))))


def lab(colour: str) -> Array:
    """CIE 1976 L*, a*, b* of a colour (D65): L* runs from 0 (black) to 100 (white).

    >>> lab("#ffffff").round(1).tolist()
    [100.0, 0.0, 0.0]
    """
    ratio = (_TO_XYZ @ _linear(colour)) / _WHITE
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    # the sum keeps exact greys free of a negative zero
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])]) + 0.0


def lightness(colour: str) -> float:
    """CIE lightness L* of a colour: what is left of it in a grey print, 0 to 100."""
    return float(lab(colour)[0])


def least_distance(colours: Sequence[str], *, vision: str = "normal") -> float:
    """Smallest CIE-Lab distance (1976) between any two of ``colours`` as seen with ``vision``.

    >>> least_distance(["#000000", "#ffffff"])
    100.0
    """
    seen = [lab(simulate(colour, vision)) for colour in colours]
    return round(min(float(np.linalg.norm(one - two)) for one, two in combinations(seen, 2)), 6)


def contrast_ratio(one: str, two: str) -> float:
    """Contrast ratio of WCAG 2.2 between two colours, 1 (none) to 21 (black on white).

    >>> round(contrast_ratio("#000000", "#ffffff"), 1)
    21.0
    """
    luminance = sorted(float(_TO_XYZ[1] @ _linear(colour)) for colour in (one, two))
    return (luminance[1] + 0.05) / (luminance[0] + 0.05)
