"""What a peer and bench/contender.ts say to each other: a request a line, an answer a line, both JSON.

    {"load": CASE}  →  {"version": …, "losses": […]}   the losses of the first steps, which warm it up
    {"run": K}      →  {"seconds": […]}                K more steps, the time of each
    {"memory": 1}   →  {"megabytes": …}                the most that was resident so far

CASE: model, task, length, reads, writes, hidden, batch, threads, learningRate, decay, warm (how many first steps),
parameters {name: {shape, complex, numbers}}, permutation, batches [{x, y}], each of them example by example.
Complex numbers are interleaved. A peer that cannot run says {"absent": why} instead, at once.
"""
import json
import resource
import sys
import time


def say(**answer):
    print(json.dumps(answer), flush=True)


def serve(prepare):
    """`prepare(case)` gives a version and a function: the batch's number → the loss before the update."""
    step, made, batches = None, 0, 1

    def timed():
        nonlocal made
        start = time.perf_counter()
        loss = step(made % batches)
        made += 1
        return time.perf_counter() - start, loss

    for line in sys.stdin:
        request = json.loads(line)
        if "load" in request:
            case = request["load"]
            version, step = prepare(case)
            made, batches = 0, len(case["batches"])
            say(version=version, losses=[timed()[1] for _ in range(case["warm"])])
        elif "run" in request:
            say(seconds=[timed()[0] for _ in range(request["run"])])
        else:
            say(megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def arrays(case, np):
    """The case's parameters as single-precision arrays, complex ones as [..., 2], and its batches, time first."""
    parameters = {
        name: np.asarray(p["numbers"], np.float32).reshape(p["shape"] + ([2] if p["complex"] else []))
        for name, p in case["parameters"].items()
    }
    count, length = case["batch"], case["length"]
    kind = case["reads"]["kind"]

    def inputs(x):
        if kind == "symbols":
            return np.ascontiguousarray(np.asarray(x, np.int32).reshape(count, length).T)
        size = case["reads"]["size"]
        return np.ascontiguousarray(np.asarray(x, np.float32).reshape(count, length, size).transpose(1, 0, 2))

    def targets(y):
        if case["task"] == "copying":
            return np.ascontiguousarray(np.asarray(y, np.int32).reshape(count, length).T)
        return np.asarray(y, np.float32 if case["task"] == "adding" else np.int32).reshape(count)

    return parameters, [(inputs(b["x"]), targets(b["y"])) for b in case["batches"]]
