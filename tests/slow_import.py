"""The importers as a producer that takes its time for every person, to be killed between them."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace

from generator.importers import producer
from generator.importers.config import ImportConfig
from generator.producer import Note
from generator.shards.record import Sample
from tests.fake_producer import PAUSE


def make_person(config: ImportConfig, index: int) -> Iterator[Sample | Note]:
    time.sleep(float(os.environ.get(PAUSE, "0")))
    return producer.make_person(config, index)


PRODUCER = replace(producer.PRODUCER, make_person=make_person)
