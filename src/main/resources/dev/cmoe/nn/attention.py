# Causal self-attention with rotary positions and shared key-value heads, residual included.
# The residual stream x is float32; projections and attention run in the compute type.
# Names in all methods: x [B,T,d]; norm: before the projections; weights q,k,v,o, or q,k,v stacked and o; bias: none, q,k,v or q,k,v,o; headNorms: none or of q and k;
# after: none or a norm of the output; cos, sin: angles, [T,R] of positions that all sequences share or [B,1,1,R] of one token each, the sines
# of the lower half negated.

  # include shared
  # include causal

  # x [B,T,heads*D] -> float32 [B,heads,T,D].
  def split(self: __torch__.K, x: Tensor, heads: int) -> Tensor:
    return torch.to(torch.transpose(torch.view(x, [torch.size(x, 0), torch.size(x, 1), heads, torch.size(x, 2) // heads]), 1, 2), 6)

  # x [B,T,heads*D] -> float32 [B,heads,T,D], normed over each head or all of them.
  def headed(self: __torch__.K, x: Tensor, heads: int, norm: List[Tensor], eps: float) -> Tensor:
    if len(norm) > 0:
      if torch.size(norm[0], 0) == torch.size(x, 2):
        y = (self).split((self).normed(torch.to(x, 6), norm, eps), heads)
      else:
        y = (self).normed((self).split(x, heads), norm, eps)
    else:
      y = (self).split(x, heads)
    return y

  # Of q, k and v those from the i-th on, before norms and rotation, [B,T,widths[i]] each.
  def separate(self: __torch__.K, z: Tensor, weights: List[Tensor], bias: List[Tensor], widths: List[int], i: int) -> List[Tensor]:
    parts = annotate(List[Tensor], [])
    if len(weights) == 2:
      before = 0
      wanted = annotate(List[int], [])
      for j in range(3):
        if j < i:
          before = before + widths[j]
        else:
          wanted.append(widths[j])
      parts = torch.split_with_sizes((self).times(z, torch.narrow(weights[0], 0, before, torch.size(weights[0], 0) - before)), wanted, 2)
      if len(bias) > 0:
        for j in range(len(parts)):
          parts[j] = torch.add(parts[j], bias[i + j])
    else:
      for j in range(i, 3):
        parts.append((self).project(z, weights[j], bias, j))
    return parts

  # v [B,T,shared*D] -> [B,shared,T,D].
  def valued(self: __torch__.K, v: Tensor, shared: int) -> Tensor:
    return torch.transpose(torch.reshape(v, [torch.size(v, 0), torch.size(v, 1), shared, torch.size(v, 2) // shared]), 1, 2)

  # q, k of width heads and shared, turned, and v: [B,heads,T,D], [B,shared,T,D] twice.
  def projected(self: __torch__.K, x: Tensor, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], cos: Tensor, sin: Tensor, heads: int, shared: int, dtype: int) -> Tuple[Tensor, Tensor, Tensor]:
    z = torch.to((self).normed(x, norm, eps), dtype)
    width = torch.size(weights[-1], 1)
    narrow = width // heads * shared
    if len(weights) == 2 and len(bias) == 0 and len(headNorms) == 0:
      all = (self).times(z, weights[0])
      both = (self).split(torch.narrow(all, 2, 0, width + narrow), heads + shared)
      v0 = torch.narrow(all, 2, width + narrow, narrow)
    else:
      qNorm = annotate(List[Tensor], [])
      kNorm = annotate(List[Tensor], [])
      if len(headNorms) > 0:
        qNorm.append(headNorms[0])
        kNorm.append(headNorms[1])
      q0, k0, v0, = (self).separate(z, weights, bias, [width, narrow, narrow], 0)
      both = torch.cat([(self).headed(q0, heads, qNorm, eps), (self).headed(k0, shared, kNorm, eps)], 1)
    both = (self).turned(both, cos, sin, dtype)
    q = torch.narrow(both, 1, 0, heads)
    k = torch.narrow(both, 1, heads, shared)
    return (q, k, (self).valued(v0, shared))

  # x plus the projection of what the heads saw, y [B,heads,T,D].
  def added(self: __torch__.K, x: Tensor, y: Tensor, weights: List[Tensor], bias: List[Tensor], after: List[Tensor], eps: float) -> Tensor:
    joined = torch.reshape(torch.transpose(y, 1, 2), [torch.size(x, 0), torch.size(x, 1), torch.size(y, 1) * torch.size(y, 3)])
    out = torch.to((self).project(joined, weights[-1], bias, 3), 6)
    return torch.add_((self).normed(out, after, eps), x)

  # x + attention [B,T,d].
  def forward(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, x: Tensor, cos: Tensor, sin: Tensor, window: int) -> Tensor:
    q, k, v, = (self).projected(x, norm, eps, weights, bias, headNorms, cos, sin, heads, shared, dtype)
    return (self).added(x, (self).mixed(q, k, v, scale, cap, window), weights, bias, after, eps)

  # The same, with keys and values of the tokens written to positions 0 to T-1 of the caches [B,shared,C,D].
  def prefill(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, x: Tensor, cos: Tensor, sin: Tensor, window: int, keys: Tensor, values: Tensor) -> Tensor:
    q, k, v, = (self).projected(x, norm, eps, weights, bias, headNorms, cos, sin, heads, shared, dtype)
    k0 = torch.copy_(torch.narrow(keys, 2, 0, torch.size(x, 1)), k)
    v0 = torch.copy_(torch.narrow(values, 2, 0, torch.size(x, 1)), v)
    return (self).added(x, (self).mixed(q, k, v, scale, cap, window), weights, bias, after, eps)

  # Keys and values of x alone, which go to positions 0 to T-1 of the caches [B,shared,C,D].
  def remember(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor) -> None:
    z = torch.to((self).normed(x, norm, eps), dtype)
    width = torch.size(weights[-1], 1)
    narrow = width // heads * shared
    k, v, = (self).separate(z, weights, bias, [width, narrow, narrow], 1)
    kNorm = annotate(List[Tensor], [])
    if len(headNorms) > 0:
      kNorm.append(headNorms[1])
    k0 = torch.copy_(torch.narrow(keys, 2, 0, torch.size(x, 1)), (self).turned((self).headed(k, shared, kNorm, eps), cos, sin, dtype))
    v0 = torch.copy_(torch.narrow(values, 2, 0, torch.size(x, 1)), (self).valued(v, shared))

  # Which of `count` cached positions from `first` on each sequence's token at positions [B] sees, its own included. Bool [B,1,1,count].
  def seen(self: __torch__.K, positions: Tensor, first: int, count: int, window: int) -> Tensor:
    own = torch.unsqueeze(positions, 1)
    at = torch.unsqueeze(torch.add(torch.cumsum(torch.ones_like(torch.expand(torch.narrow(positions, 0, 0, 1), [count])), 0), first - 1), 0)
    result = torch.le(at, own)
    if window > 0:
      result = torch.logical_and(result, torch.gt(at, torch.sub(own, window)))
    return torch.reshape(result, [torch.size(positions, 0), 1, 1, count])

  # lookedUp with a soft cap, which the engine's attention does not know. Scores are float32, as it has them; on a CPU of as many bfloat16 keys at a
  # time as stay in its cache.
  def lookedUpCapped(self: __torch__.K, rows: Tensor, keys: Tensor, values: Tensor, seen: List[Tensor], scale: float, cap: float) -> Tensor:
    wide = torch.to(rows, 6)
    count = torch.size(keys, 2)
    slab = count
    if ops.prim.dtype(keys) == 15 and not ops.prim.is_cuda(keys):
      slab = max(64, 1048576 // (torch.size(keys, 0) * torch.size(keys, 1) * torch.size(keys, 3)))
    scores = annotate(List[Tensor], [])
    for i in range((count + slab - 1) // slab):
      part = torch.to(torch.narrow(keys, 2, i * slab, min(slab, count - i * slab)), 6)
      scores.append(torch.matmul(wide, torch.transpose(part, 2, 3)))
    s = torch.cat(scores, 3)
    s = torch.mul_(torch.tanh_(torch.mul_(s, scale / cap)), cap)
    if len(seen) > 0:
      s = torch.masked_fill_(s, torch.logical_not(seen[0]), -inf)
    return torch.matmul(torch.to(torch.softmax(s, -1), ops.prim.dtype(values)), values)

  # What one token of each sequence sees of cached keys and values [B,shared,n,D]: [B,shared,each,D], as rows, the queries of the heads that share
  # a key; seen: none or bool [B,1,1,n]. PAIR (Products.java) puts a row of zeros beside one query, unless the cache is so short that it does not pay.
  def lookedUp(self: __torch__.K, rows: Tensor, keys: Tensor, values: Tensor, seen: List[Tensor], scale: float) -> Tensor:
    q = rows
    pair = PAIR and ops.prim.dtype(rows) == 15 and torch.size(rows, 2) == 1 and torch.size(keys, 1) * torch.size(keys, 2) >= 1024
    if pair:
      q = torch.constant_pad_nd(rows, [0, 0, 0, 1], 0)
    if len(seen) > 0:
      y = torch.scaled_dot_product_attention(q, keys, values, seen[0], 0., False, scale=scale)
    else:
      y = torch.scaled_dot_product_attention(q, keys, values, None, 0., False, scale=scale)
    if pair:
      y = torch.narrow(y, 2, 0, 1)
    return y

  # One token of each sequence, x [B,1,d]: its key and value are written at positions [B], and it looks at the `count` cached positions
  # from `first` on, at those that `seen` [B,1,1,count] says; without one all stand at the last of these positions and see them all. Query
  # heads that share a key go through as its rows.
  def step(self: __torch__.K, norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], heads: int, shared: int, scale: float, cap: float, dtype: int, x: Tensor, cos: Tensor, sin: Tensor, keys: Tensor, values: Tensor, positions: Tensor, seen: List[Tensor], first: int, count: int) -> Tensor:
    q, k, v, = (self).projected(x, norm, eps, weights, bias, headNorms, cos, sin, heads, shared, dtype)
    if len(seen) > 0:
      place = torch.expand(torch.reshape(positions, [torch.size(x, 0), 1, 1, 1]), torch.size(k))
      k0 = torch.scatter_(keys, 2, place, k)
      v0 = torch.scatter_(values, 2, place, v)
    else:
      k0 = torch.copy_(torch.narrow(keys, 2, first + count - 1, 1), k)
      v0 = torch.copy_(torch.narrow(values, 2, first + count - 1, 1), v)
    rows = torch.reshape(q, [torch.size(q, 0), shared, heads // shared, torch.size(q, 3)])
    near = torch.narrow(keys, 2, first, count)
    before = torch.narrow(values, 2, first, count)
    if cap > 0.:
      y = (self).lookedUpCapped(rows, near, before, seen, scale, cap)
    else:
      y = (self).lookedUp(rows, near, before, seen, scale)
    return (self).added(x, torch.reshape(y, torch.size(q)), weights, bias, after, eps)

  # A cache of zeros in the compute type on the device of `like`.
  def cache(self: __torch__.K, like: Tensor, shape: List[int], dtype: int) -> Tensor:
    return torch.zeros(shape, dtype=dtype, device=ops.prim.device(like))

  # Sequences first to first + count - 1 of a cache, sharing its memory.
  def part(self: __torch__.K, cache: Tensor, first: int, count: int) -> Tensor:
    return torch.narrow(cache, 0, first, count)

  # Rows of x [B,T,d] at positions [B]: [B,1,d].
  def at(self: __torch__.K, x: Tensor, positions: Tensor) -> Tensor:
    return torch.gather(x, 1, torch.expand(torch.reshape(positions, [torch.size(x, 0), 1, 1]), [torch.size(x, 0), 1, torch.size(x, 2)]))

  # Rows of a table [C,R] as the angles of one token each: [B,1,1,R].
  def angles(self: __torch__.K, table: Tensor, positions: Tensor) -> Tensor:
    return torch.reshape(torch.index_select(table, 0, positions), [torch.size(positions, 0), 1, 1, torch.size(table, 1)])
