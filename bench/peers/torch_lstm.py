"""The LSTM's training step in PyTorch, by its own fused cell: `torch_lstm.py cell THREADS`."""
import sys

from protocol import arrays, say, serve

THREADS = int(sys.argv[2])
try:
    import numpy as np
    import torch
except ImportError as error:
    say(absent=str(error))
    sys.exit()

torch.set_num_threads(THREADS)


@torch.no_grad()
def load_parameters(cell, output, p, symbols):
    """Our gates lie in the order i, f, o, g; PyTorch's in the order i, f, g, o."""

    def ordered(a):
        i, f, o, g = a.chunk(4)
        return torch.cat([i, f, g, o])

    cell.weight_hh_l0.copy_(ordered(p["W"]))
    cell.weight_ih_l0.copy_(ordered(p["V"].t() if symbols else p["V"]))
    cell.bias_ih_l0.copy_(ordered(p["b"]))
    cell.bias_hh_l0.zero_()
    output.weight.copy_(p["U"])
    output.bias.copy_(p["d"])


def prepare(case):
    parameters, batches = arrays(case, np)
    batches = [tuple(torch.from_numpy(a) for a in b) for b in batches]
    batches = [tuple(a.long() if a.dtype == torch.int32 else a for a in b) for b in batches]
    task, n = case["task"], case["hidden"]
    symbols = case["reads"]["kind"] == "symbols"
    rate, decay = case["learningRate"], case["decay"]
    size = case["reads"]["count" if symbols else "size"]
    cell, output = torch.nn.LSTM(size, n), torch.nn.Linear(n, case["writes"])
    load_parameters(cell, output, {k: torch.from_numpy(a) for k, a in parameters.items()}, symbols)
    leaves = [*cell.parameters(), *output.parameters()]
    leaves = [a for a in leaves if a is not cell.bias_hh_l0]  # one bias is all there is
    cell.bias_hh_l0.requires_grad_(False)
    squares = [torch.full_like(a, 1e-3) for a in leaves]

    def loss(x, y):
        h, _ = cell(torch.nn.functional.one_hot(x, size).float() if symbols else x)
        o = output(h if task == "copying" else h[-1])
        if task == "adding":
            return (o[:, 0] - y).square().mean()
        return torch.nn.functional.cross_entropy(o.flatten(0, -2), y.flatten())

    def step(k):
        for a in leaves:
            a.grad = None
        value = loss(*batches[k])
        value.backward()
        with torch.no_grad():
            g = [a.grad for a in leaves]
            torch._foreach_mul_(squares, decay)
            torch._foreach_addcmul_(squares, g, g, 1 - decay)
            torch._foreach_addcmul_(leaves, g, torch._foreach_rsqrt(squares), -rate)
        return value.item()

    return f"torch {torch.__version__}", step


serve(prepare)
