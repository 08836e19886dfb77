"""From stored predictions of single frames to tables, plots and one HTML report."""
