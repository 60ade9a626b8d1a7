"""The uRNN's training step in JAX: `jax_urnn.py hand THREADS` with the backward pass written by hand,
`jax_urnn.py plain THREADS` as one writes it first: a cell, lax.scan, grad, jit."""
import os
import sys

WAY, THREADS = sys.argv[1], int(sys.argv[2])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])  # before JAX counts the processors
os.environ["JAX_PLATFORMS"] = "cpu"

from protocol import arrays, say, serve

try:
    import jax
    import jax.numpy as jnp
    import numpy as np
    from jax import lax
except ImportError as error:
    say(absent=str(error))
    sys.exit()

tiny = 1e-30


def pair(z):
    return lax.complex(z[..., 0], z[..., 1])


def size2(z):
    return z.real * z.real + z.imag * z.imag


def read(V, x):
    """V x for the batch: a row for a symbol, else columns times numbers."""
    if x.dtype == jnp.int32:
        return V[x]
    return sum(x[:, k, None] * V[:, k] for k in range(x.shape[1]))


def columns(a, indices):
    return a.at[:, indices].get(mode="promise_in_bounds", unique_indices=True)


def along(a, u):
    """u^H a, for each row."""
    return (a @ jnp.conj(u))[:, None]


# ---------------------------------------------------------------------------------------------- as one writes it
@jax.custom_vjp
def permuted(a, order, inverse):
    return columns(a, order)


# Without this the transpose is a scatter, which is far slower.
permuted.defvjp(
    lambda a, order, inverse: (columns(a, order), (order, inverse)),
    lambda saved, g: (columns(g, saved[1]), None, None),
)


def plain(angles, u, V, b, h0, x, order, inverse, every):
    d1, d2, d3 = (lax.complex(jnp.cos(a), jnp.sin(a)) for a in angles)

    def step(h, xt):
        a = jnp.fft.fft(h * d1)
        a = permuted(a - along(a, u[0]) * u[0], order, inverse)
        a = jnp.fft.ifft(a * d2)
        z = (a - along(a, u[1]) * u[1]) * d3 + read(V, xt)
        h = z * jnp.maximum(1 + b * lax.rsqrt(jnp.maximum(size2(z), tiny)), 0)
        return h, (h if every else None)

    last, all_ = lax.scan(step, jnp.broadcast_to(h0, (x.shape[1], h0.shape[0])), x)
    return all_ if every else last


# ---------------------------------------------------------------------------------------------- by hand
def forward(angles, u, V, b, h0, x, order, inverse, every):
    d1, d2, d3 = (lax.complex(jnp.cos(a), jnp.sin(a)) for a in angles)

    def step(h, xt):
        a = jnp.fft.fft(h * d1)
        s = along(a, u[0])
        q = jnp.fft.ifft(columns(a - s * u[0], order) * d2)
        t = along(q, u[1])
        z = (q - t * u[1]) * d3 + read(V, xt)
        return z * jnp.maximum(1 + b * lax.rsqrt(jnp.maximum(size2(z), tiny)), 0), (h, a, s, q, t)

    last, saved = lax.scan(step, jnp.broadcast_to(h0, (x.shape[1], h0.shape[0])), x)
    states = jnp.concatenate([saved[0][1:], last[None]]) if every else last
    return states, (angles, u, V, b, x, order, inverse, saved)


# g of a complex z is dL/dRe z + i dL/dIm z; JAX's cotangents are the conjugate of that.
def backward(every, kept, cotangent):
    angles, u, V, b, x, order, inverse, saved = kept
    n, batch = b.shape[0], x.shape[1]
    d1, d2, d3 = (lax.complex(jnp.cos(a), -jnp.sin(a)) for a in angles)  # conjugates
    e2, e3 = d2[inverse], jnp.conj(d3)
    symbols = x.dtype == jnp.int32
    outer = jnp.conj(cotangent)

    def step(carry, now):
        g, sums = carry
        xt, (h, a, s, q, t), given = now
        if every:
            g = g + given
        y = (q - t * u[1]) * e3
        z = y + read(V, xt)
        r = lax.rsqrt(jnp.maximum(size2(z), tiny))
        f = jnp.maximum(1 + b * r, 0)
        on = jnp.where(f > 0, r * (z.real * g.real + z.imag * g.imag), 0)
        g = g * f - z * (b * on * r * r)
        if symbols:
            hot = (xt[:, None] == jnp.arange(V.shape[0])).astype(b.dtype)
            gV = lax.complex(hot.T @ g.real, hot.T @ g.imag)
        else:
            gV = tuple(xt[:, k, None] * g for k in range(V.shape[1]))
        g3 = g.imag * y.real - g.real * y.imag  # Im(conj(y) g)
        g = g * d3
        p = along(g, u[1])
        gu2 = jnp.conj(t) * g + jnp.conj(p) * q
        g = columns(jnp.fft.fft(g - p * u[1], norm="forward"), inverse)
        g = g * e2
        y = a - s * u[0]
        g2 = g.imag * y.real - g.real * y.imag
        p = along(g, u[0])
        gu1 = jnp.conj(s) * g + jnp.conj(p) * a
        g = jnp.fft.ifft(g - p * u[0], norm="forward") * d1
        g1 = g.imag * h.real - g.real * h.imag
        return (g, jax.tree.map(jnp.add, sums, (g1, g2, g3, gu1, gu2, on, gV))), None

    real, comp = jnp.zeros((batch, n), b.dtype), jnp.zeros((batch, n), V.dtype)
    start = jnp.zeros_like(comp) if every else outer
    noV = jnp.zeros_like(V) if symbols else (comp,) * V.shape[1]
    sums = (real, real, real, comp, comp, real, noV)
    (g, sums), _ = lax.scan(step, (start, sums), (x, saved, outer if every else None), reverse=True)
    g1, g2, g3, gu1, gu2, gb = (jnp.sum(s, 0) for s in sums[:-1])
    gV = sums[-1] if symbols else jnp.stack([jnp.sum(s, 0) for s in sums[-1]], 1)
    conj = jnp.conj
    return (g1, g2[order], g3), (conj(-gu1), conj(-gu2)), conj(gV), gb, conj(jnp.sum(g, 0)), None, None, None


by_hand = jax.custom_vjp(lambda *operands: forward(*operands)[0], nondiff_argnums=(8,))
by_hand.defvjp(forward, backward)


# ---------------------------------------------------------------------------------------------- training
def prepare(case):
    parameters, batches = arrays(case, np)
    task, n = case["task"], case["hidden"]
    every = task == "copying"
    recur = by_hand if WAY == "hand" else plain
    order = jnp.asarray(case["permutation"], jnp.int32)
    inverse = jnp.argsort(order).astype(jnp.int32)
    rate, decay = case["learningRate"], case["decay"]

    def loss(p, x, y):
        v = pair(p["R1"]), pair(p["R2"])
        u = tuple(w * jnp.sqrt(2 / jnp.sum(size2(w))) for w in v)
        h = recur((p["D1"], p["D2"], p["D3"]), u, pair(p["V"]), p["b"], pair(p["h0"]), x, order, inverse, every)
        o = h.real @ p["U"][:, :n].T + h.imag @ p["U"][:, n:].T + p["c"]
        if task == "adding":
            return jnp.mean((o[:, 0] - y) ** 2)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(o, -1), y[..., None], -1))

    def step(p, r, x, y):
        value, g = jax.value_and_grad(loss)(p, x, y)
        r = jax.tree.map(lambda r, g: decay * r + (1 - decay) * g * g, r, g)
        p = jax.tree.map(lambda p, g, r: p - rate * g * lax.rsqrt(r), p, g, r)
        return p, r, value

    p = {name: jnp.asarray(a) for name, a in parameters.items()}
    r = {name: jnp.full_like(a, 1e-3) for name, a in p.items()}
    run = jax.jit(step, donate_argnums=(0, 1)).lower(p, r, *batches[0]).compile()

    def one(k):
        nonlocal p, r
        p, r, value = run(p, r, *batches[k])
        value = float(value)
        jax.block_until_ready((p, r))
        return value

    return f"jax {jax.__version__}", one


serve(prepare)
