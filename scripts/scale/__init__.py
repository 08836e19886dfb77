"""What `scripts.bench_scale` measures: the stages, and the data that they are given."""
