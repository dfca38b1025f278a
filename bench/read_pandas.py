"""Reads a CSV file by the C reader of pandas, and says what that took as a line of JSON.

    python read_pandas.py FILE found|declared

"declared": the types of the columns are given, as the settings of a federation give them to ours.
"""
import json
import resource
import sys
import time

import pandas

path, types = sys.argv[1:]
names = pandas.read_csv(path, nrows=0).columns
kinds = {"x": "float32", "c": "category", "i": "int32"}
declared = {name: kinds[name[0]] for name in names}
began, used = time.perf_counter(), time.process_time()
table = pandas.read_csv(path, engine="c", dtype=declared if types == "declared" else None)
seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"rows": len(table), "seconds": seconds, "cpuSeconds": cpu_seconds, "peakBytes": peak}))
