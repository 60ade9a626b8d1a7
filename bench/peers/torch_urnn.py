"""The uRNN's training step in PyTorch: `torch_urnn.py hand THREADS` with the backward pass written by hand,
`torch_urnn.py eager THREADS` by autograd through the loop over time."""
import sys

from protocol import arrays, say, serve

WAY, THREADS = sys.argv[1], int(sys.argv[2])
try:
    import numpy as np
    import torch
except ImportError as error:
    say(absent=str(error))
    sys.exit()

torch.set_num_threads(THREADS)
fft, ifft = torch.fft.fft, torch.fft.ifft
tiny = 1e-30


def columns(a, indices):
    """a[:, indices]: a gather of 8-byte numbers takes a third of index_select's time on complex ones."""
    return torch.gather(a.view(torch.float64), 1, indices).view(a.dtype)


class Permute(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, order, inverse):
        ctx.inverse = inverse
        return columns(a, order)

    @staticmethod
    def backward(ctx, g):
        return columns(g.contiguous(), ctx.inverse), None, None


def reciprocal_size(z):
    """1/|z|: rsqrt is several times faster here than sqrt or abs."""
    return torch.mul(z, z.conj()).real.clamp_min(tiny).rsqrt_()


def products(V, x, hidden):
    """V x of every step at once."""
    if x.dtype == torch.int64:
        return V.index_select(0, x.flatten()).view(*x.shape, hidden)
    flat = torch.view_as_real(V.t().contiguous()).flatten(1)
    return torch.view_as_complex((x @ flat).view(*x.shape[:2], hidden, 2))


def eager(d1, d2, d3, u1, u2, V, b, h0, x, order, inverse, every):
    h = h0.expand(x.shape[1], -1)
    w1, w2 = u1.conj().resolve_conj(), u2.conj().resolve_conj()
    states = []
    for v in products(V, x, len(b)).unbind(0):
        a = fft(h * d1)
        a = Permute.apply(torch.addr(a, torch.mv(a, w1), u1, alpha=-1), order, inverse)
        a = ifft(a * d2)
        z = torch.addr(a, torch.mv(a, w2), u2, alpha=-1) * d3 + v
        h = z * (1 + b * reciprocal_size(z)).clamp_min(0)
        if every:
            states.append(h)
    return torch.stack(states) if every else h


class ByHand(torch.autograd.Function):
    @staticmethod
    def forward(ctx, d1, d2, d3, u1, u2, V, b, h0, x, order, inverse, every):
        h = h0.expand(x.shape[1], -1).contiguous()
        w1, w2 = u1.conj().resolve_conj(), u2.conj().resolve_conj()
        saved, states = [], []
        for v in products(V, x, len(b)).unbind(0):
            a = fft(h * d1)
            s = torch.mv(a, w1)
            q = ifft(columns(torch.addr(a, s, u1, alpha=-1), order).mul_(d2))
            t = torch.mv(q, w2)
            y = torch.addr(q, t, u2, alpha=-1).mul_(d3)
            z = y + v
            r = reciprocal_size(z)
            f = torch.addcmul(one, b, r).clamp_min_(0)
            saved.append((h, a, s, q, t, y, z, r, f))
            h = z * f
            if every:
                states.append(h)
        ctx.kept = d1, d2, d3, u1, u2, w1, w2, V, b, x, order, inverse, every, saved
        return torch.stack(states) if every else h

    @staticmethod
    def backward(ctx, outer):
        d1, d2, d3, u1, u2, w1, w2, V, b, x, order, inverse, every, saved = ctx.kept
        c1, c2, c3 = (d.conj().resolve_conj() for d in (d1, d2, d3))
        n, batch = len(b), x.shape[1]
        zeros = lambda *shape: torch.zeros(shape, dtype=V.dtype)
        s1, s2, s3, gb = zeros(batch, n), zeros(batch, n), zeros(batch, n), torch.zeros(batch, n)
        gu1, gu2, gV = zeros(n), zeros(n), torch.zeros_like(V)
        g = zeros(batch, n) if every else outer.contiguous().clone()
        symbols = x.dtype == torch.int64
        X = x if symbols else x.to(V.dtype)
        for k in range(len(saved) - 1, -1, -1):
            h, a, s, q, t, y, z, r, f = saved[k]
            if every:
                g += outer[k]
            # on = Re(conj(z) g)/|z| where the unit is on
            on = torch.mul(z.conj(), g).real.mul(r).mul_(f > 0)
            gb += on
            g.mul_(f).addcmul_(z, on.mul_(r).mul_(r).mul_(b).to(z.dtype), value=-1)
            if symbols:
                gV.index_add_(0, X[k], g)
            else:
                gV.addmm_(g.t(), X[k])
            s3.addcmul_(g, y.conj_physical())
            g.mul_(c3)
            p = torch.mv(g, w2)
            gu2.addmv_(g.t(), t.conj_physical(), alpha=-1).addmv_(q.t(), p.conj_physical(), alpha=-1)
            g = fft(g.addr_(p, u2, alpha=-1), norm="forward")
            y = columns(torch.addr(a, s, u1, alpha=-1), order).mul_(d2)
            s2.addcmul_(g, y.conj_physical())
            g = columns(g.mul_(c2), inverse)
            p = torch.mv(g, w1)
            gu1.addmv_(g.t(), s.conj_physical(), alpha=-1).addmv_(a.t(), p.conj_physical(), alpha=-1)
            g = ifft(g.addr_(p, u1, alpha=-1), norm="forward").mul_(c1)
            s1.addcmul_(g, h.conj_physical())
        ctx.kept = None
        # Σ g conj(y) with y = d (…) and g behind it: dL/dd = Σ g conj(…) = d Σ g conj(y). s1 is before D1 on both sides.
        gd = [s.sum(0) * d for s, d in ((s1, d1), (s2, d2), (s3, d3))]
        return *gd, gu1, gu2, gV, gb.sum(0), g.sum(0), None, None, None, None


one = torch.ones(())


def prepare(case):
    parameters, batches = arrays(case, np)
    batches = [tuple(torch.from_numpy(a) for a in b) for b in batches]
    batches = [tuple(a.long() if a.dtype == torch.int32 else a for a in b) for b in batches]
    task, n, count = case["task"], case["hidden"], case["batch"]
    every = task == "copying"
    recur = ByHand.apply if WAY == "hand" else eager
    order = torch.tensor(case["permutation"])
    inverse = torch.argsort(order).expand(count, n).contiguous()
    order = order.expand(count, n).contiguous()
    rate, decay = case["learningRate"], case["decay"]
    p = {name: torch.from_numpy(a.copy()).requires_grad_() for name, a in parameters.items()}
    leaves = list(p.values())
    squares = [torch.full_like(a, 1e-3) for a in leaves]

    def loss(x, y):
        d = [torch.complex(p[k].cos(), p[k].sin()) for k in ("D1", "D2", "D3")]
        v = [torch.view_as_complex(p[k]) for k in ("R1", "R2")]
        u = [w * (2 / torch.view_as_real(w).square().sum()).sqrt() for w in v]
        V, h0 = torch.view_as_complex(p["V"]), torch.view_as_complex(p["h0"])
        h = recur(*d, *u, V, p["b"], h0, x, order, inverse, every)
        # [Re h; Im h] interleaved, as it lies in memory
        U = torch.stack([p["U"][:, :n], p["U"][:, n:]], -1).flatten(1)
        o = torch.view_as_real(h).flatten(-2) @ U.t() + p["c"]
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
