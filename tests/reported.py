"""Reports of simulated predictions, and what their values are asked for."""

from typing import Any

import pandas as pd
import pyarrow as pa

from tests.simulated_predictions import Effects
from vitpain.evaluate import predictions
from vitpain.evaluate.predictions import SCHEMA
from vitpain.evaluate.report import Report, report
from vitpain.evaluate.value import Value

EFFECTS = Effects(sequences=2, frames=12)


def reported(table: pa.Table, **run: Any) -> Report:
    return report("run", table, run, {})


def frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas()


def back(given: pd.DataFrame) -> pa.Table:
    """A changed table, held to the rules."""
    made = pa.Table.from_pandas(given, SCHEMA, preserve_index=False).replace_schema_metadata(None)
    predictions.check(made, "changed")
    return made


def number(value: Value) -> float:
    assert value.value is not None
    return value.value


def bounds(value: Value) -> tuple[float, float]:
    assert value.low is not None
    assert value.high is not None
    return value.low, value.high


def why(value: Value) -> str:
    assert value.value is None
    assert value.why is not None
    return value.why
