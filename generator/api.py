"""What a notebook needs of this room: people before a camera, and data sets that were made.

`seat(GenerateConfig(identities=4), 0).take({4: 3, 43: 1})` draws the first person of such a data
set with AU4 at 3 and closed eyes; `open_set(folder)` opens one on disk, in which `for sample in
data` gives every sample, and `decode` undoes its maps.
"""

from generator.audit.sitting import Sitter, Taken, seat
from generator.config import GenerateConfig
from generator.shards.codec import decode
from generator.shards.folder import DataSet
from generator.shards.folder import open_folder as open_set
from generator.shards.record import Record, Sample

__all__ = [
    "DataSet",
    "GenerateConfig",
    "Record",
    "Sample",
    "Sitter",
    "Taken",
    "decode",
    "open_set",
    "seat",
]
