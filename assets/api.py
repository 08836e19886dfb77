"""What a notebook needs of this room: action units and PSPI, and the head that ships."""

from assets.facs import AUS, PAIN_AUS, AUVector, pspi, pspi_array
from assets.head import Head, HeadModel
from assets.head import load as load_head

__all__ = ["AUS", "PAIN_AUS", "AUVector", "Head", "HeadModel", "load_head", "pspi", "pspi_array"]
