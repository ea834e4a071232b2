# What heads see of the tokens before them.

  # Which tokens each of T sees: itself and those before it, at most `window` with itself when that is above 0. Bool [T,T].
  def visible(self: __torch__.K, q: Tensor, window: int) -> Tensor:
    t = torch.size(q, 2)
    seen = torch.tril(torch.to(torch.ones([t, t]), q))
    if window > 0:
      seen = torch.sub(seen, torch.tril(seen, -window))
    return torch.gt(seen, 0.)

  # The type of sums over x: float32, or x's where that is wider.
  def precise(self: __torch__.K, x: Tensor) -> int:
    wide = 6
    if ops.prim.dtype(x) == 7:
      wide = 7
    return wide

  # `mixed` in the engine's own kernels, which autograd goes back through.
  def mixedByEngine(self: __torch__.K, q: Tensor, keys: Tensor, values: Tensor, scale: float, cap: float, window: int) -> Tensor:
    k = keys
    v = values
    each = torch.size(q, 1) // torch.size(k, 1)
    if each > 1:
      k = torch.repeat_interleave(k, each, 1)
      v = torch.repeat_interleave(v, each, 1)
    if cap > 0.:
      hidden = torch.logical_not((self).visible(q, window))
      wide = (self).precise(q)
      parts = annotate(List[Tensor], [])
      for b in range(torch.size(q, 0)):
        s = torch.matmul(torch.to(torch.select(q, 0, b), wide), torch.transpose(torch.to(torch.select(k, 0, b), wide), 1, 2))
        s = torch.mul(torch.tanh(torch.mul(s, scale / cap)), cap)
        s = torch.softmax(torch.masked_fill(s, hidden, -inf), -1)
        parts.append(torch.matmul(torch.to(s, ops.prim.dtype(v)), torch.select(v, 0, b)))
      y = torch.stack(parts, 0)
    else:
      if window > 0:
        y = torch.scaled_dot_product_attention(q, k, v, (self).visible(q, window), 0., False, scale=scale)
      else:
        y = torch.scaled_dot_product_attention(q, k, v, None, 0., True, scale=scale)
    return y

  # What 64 tokens in turn, `each` rows a token, see of the `reach` tokens before the first of them and of themselves, as 0 or -inf that is added to
  # scores: [64*each,reach+64].
  def band(self: __torch__.K, q: Tensor, each: int, reach: int, window: int, dtype: int) -> Tensor:
    seen = torch.tril(torch.ones([64, reach + 64], dtype=dtype, device=ops.prim.device(q)), reach)
    if window > 0:
      seen = torch.triu(seen, reach + 1 - window)
    hidden = torch.masked_fill_(torch.zeros_like(seen), torch.eq(seen, 0.), -inf)
    return torch.repeat_interleave(hidden, each, 0)

  # `mixed` for a CPU, in float32 at least, and shares times values in bfloat16 where its products are fast: 64 queries of all heads of a key see what is before them in one
  # product, so that shared keys need no copies and scores stay in the cache (docs/experiments.md, running carved models). The result lies token after
  # token, as what follows reads it.
  def mixedInParts(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, scale: float, cap: float, window: int) -> Tensor:
    batch = torch.size(q, 0)
    t = torch.size(q, 2)
    d = torch.size(q, 3)
    shared = torch.size(k, 1)
    each = torch.size(q, 1) // shared
    groups = batch * shared
    wide = (self).precise(q)
    product = wide
    if ops.prim.dtype(q) == 15 and not WIDEN:
      product = 15
    # Token after token, its heads of a key beside each other; converted and copied in one.
    ordered = torch.permute(torch.reshape(q, [batch, shared, each, t, d]), [0, 1, 3, 2, 4])
    rows = torch.reshape(torch.contiguous(torch.to(ordered, wide, False, False, 0)), [groups, t * each, d])
    keys = torch.transpose(torch.to(torch.reshape(k, [groups, t, d]), wide), 1, 2)
    values = torch.to(torch.reshape(v, [groups, t, d]), product)
    out = torch.empty([batch, t, shared, each, d], dtype=product, device=ops.prim.device(q))
    last = (t - 1) // 64 * 64
    reach = last
    if window > 0:
      reach = min(last, window - 1)
    band = (self).band(q, each, reach, window, wide)
    for i in range(last // 64 + 1):
      first = i * 64
      n = min(64, t - first)
      start = 0
      if window > 0:
        start = max(0, first + 1 - window)
      m = first + n - start
      hidden = torch.narrow(band, 1, reach - first + start, m)
      if n < 64:
        hidden = torch.narrow(hidden, 0, 0, n * each)
      own = torch.narrow(rows, 1, first * each, n * each)
      before = torch.narrow(keys, 2, start, m)
      if cap > 0.:
        s = torch.tanh_(torch.mul_(torch.bmm(own, before), scale / cap))
        s = torch.add_(torch.mul_(s, cap), hidden)
      else:
        s = torch.baddbmm(hidden, own, before, alpha=scale)
      y = torch.view(torch.bmm(torch.to(torch.softmax(s, -1), product), torch.narrow(values, 1, start, m)), [batch, shared, n, each, d])
      out0 = torch.copy_(torch.narrow(out, 1, first, n), torch.transpose(y, 1, 2))
    joined = torch.view(out, [batch, t, torch.size(q, 1), d])
    return torch.transpose(torch.to(joined, ops.prim.dtype(q)), 1, 2)

  # Causal attention: q [B,heads,T,D], keys and values [B,shared,T,D] -> [B,heads,T,D]. cap 0: none; window 0: all tokens before.
  def mixed(self: __torch__.K, q: Tensor, keys: Tensor, values: Tensor, scale: float, cap: float, window: int) -> Tensor:
    sliding = 0
    if window < torch.size(q, 2):
      sliding = window
    recorded = ops.prim.requires_grad(q) or ops.prim.requires_grad(keys) or ops.prim.requires_grad(values)
    if recorded or ops.prim.is_cuda(q) or (ops.prim.dtype(q) == 15 and not PARTS):
      y = (self).mixedByEngine(q, keys, values, scale, cap, sliding)
    else:
      y = (self).mixedInParts(q, keys, values, scale, cap, sliding)
    return y
