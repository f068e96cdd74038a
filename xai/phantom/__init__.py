"""A synthetic lower-leg MR cohort with known lesions: demo, tests and benchmarks. Not patients."""
