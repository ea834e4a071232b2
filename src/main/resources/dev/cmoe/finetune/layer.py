# One decoder layer with what is trained in it: its output, and by recomputation the gradients at its input and at what is trained.
# The residual stream x [B,T,d] is float32 (or float64, in tests); products run in the compute type `dtype`. Nothing that autograd looks
# at again works in place. `own` holds what is trained, by name, absent where it is not there:
#   q.a, q.b, ... of q, k, v, o: LoRA factors a [r,in], b [out,r] of the projection; qkv.a, qkv.b of one that is stored for all three
#   shared.0.a, ... of the shared expert's (or dense block's) matrices inward, then shared.down.a, ...
#   experts.in.a [E,r,d], experts.in.b [E,rows,r], experts.down.a [E,r,m], experts.down.b [E,d,r]
#   router.0, router.1: weight [E,d], bias [E] of a linear router, or rows of each matrix inward; gate_scale [E]

  # include /dev/cmoe/nn/shared
  # include /dev/cmoe/nn/causal

  # act: 0 SiLU, 1 GELU, 2 its tanh form, which in this dialect only the operator in place has.
  def activated(self: __torch__.K, x: Tensor, act: int) -> Tensor:
    if act == 0:
      y = torch.silu(x)
    else:
      if act == 1:
        y = torch.gelu(x)
      else:
        y = torch.gelu_(torch.clone(x), approximate="tanh")
    return y

  # Elements left out with probability p, the others scaled so that the mean stays.
  def thinned(self: __torch__.K, x: Tensor, p: float) -> Tensor:
    y = x
    if p > 0.:
      y = torch.dropout(x, p, True)
    return y

  # y plus scale (x a') rows(b)', where `name` is trained: rows [first, first + size(y)) of b.
  def adapted(self: __torch__.K, y: Tensor, x: Tensor, own: Dict[str, Tensor], name: str, first: int, scale: float) -> Tensor:
    result = y
    a = torch.add(name, ".a")
    if torch.__contains__(own, a):
      b = torch.narrow(own[torch.add(name, ".b")], 0, first, torch.size(y, -1))
      low = torch.linear(x, torch.to(own[a], ops.prim.dtype(x)))
      result = torch.add(y, torch.linear(low, torch.to(b, ops.prim.dtype(x))), alpha=scale)
    return result

  # x [B,T,heads*D] -> [B,heads,T,D] of the residual stream's type.
  def split(self: __torch__.K, x: Tensor, heads: int, wide: int) -> Tensor:
    return torch.to(torch.transpose(torch.view(x, [torch.size(x, 0), torch.size(x, 1), heads, torch.size(x, 2) // heads]), 1, 2), wide)

  # x [B,T,heads*D] -> [B,heads,T,D], normed over each head or all of them, its first R columns turned.
  def rotated(self: __torch__.K, x: Tensor, heads: int, norm: List[Tensor], eps: float, cos: Tensor, sin: Tensor, wide: int, dtype: int) -> Tensor:
    if len(norm) > 0:
      if torch.size(norm[0], 0) == torch.size(x, 2):
        y = (self).split((self).normed(torch.to(x, wide), norm, eps), heads, wide)
      else:
        y = (self).normed((self).split(x, heads, wide), norm, eps)
    else:
      y = (self).split(x, heads, wide)
    return (self).turned(y, cos, sin, dtype)

  # Gradients at q, k and v of causal `mixed` for that at its result y, both [B,heads,T,D]: 128 queries of all heads of a key see what is before
  # them in one product, and shared keys need no copies. Shares below 1e-18, which no sum of float32 shows, are 0: with sharp attention they
  # and their products are denormal numbers, at which the engine's own backward pass takes two to ten times as long.
  def unmixed(self: __torch__.K, q: Tensor, k: Tensor, v: Tensor, y: Tensor, gradient: Tensor, scale: float) -> List[Tensor]:
    t = torch.size(q, 2)
    d = torch.size(q, 3)
    each = torch.size(q, 1) // torch.size(k, 1)
    groups = torch.size(k, 0) * torch.size(k, 1)
    inner = torch.reshape(torch.sum(torch.mul(gradient, y), [-1], True), [groups, each, t, 1])
    rows = torch.reshape(torch.mul(q, scale), [groups, each, t, d])
    given = torch.reshape(gradient, [groups, each, t, d])
    keys = torch.reshape(k, [groups, t, d])
    values = torch.reshape(v, [groups, t, d])
    atKeys = torch.zeros_like(keys)
    atValues = torch.zeros_like(values)
    hidden = torch.logical_not((self).visible(torch.narrow(q, 2, 0, min(128, t)), 0))
    parts = annotate(List[Tensor], [])
    for i in range((t + 127) // 128):
      first = i * 128
      n = min(128, t - first)
      end = first + n
      r = torch.reshape(torch.narrow(rows, 2, first, n), [groups, each * n, d])
      g = torch.reshape(torch.narrow(given, 2, first, n), [groups, each * n, d])
      s = torch.bmm(r, torch.transpose(torch.narrow(keys, 1, 0, end), 1, 2))
      own = torch.narrow(torch.view(s, [groups, each, n, end]), 3, first, n)
      own0 = torch.masked_fill_(own, torch.narrow(torch.narrow(hidden, 0, 0, n), 1, 0, n), -inf)
      share = torch.threshold_(torch.softmax(s, -1), 1e-18, 0.)
      values0 = torch.baddbmm_(torch.narrow(atValues, 1, 0, end), torch.transpose(share, 1, 2), g)
      s = torch.bmm(g, torch.transpose(torch.narrow(values, 1, 0, end), 1, 2))
      s = torch.mul_(torch.sub_(s, torch.reshape(torch.narrow(inner, 2, first, n), [groups, each * n, 1])), share)
      keys0 = torch.baddbmm_(torch.narrow(atKeys, 1, 0, end), torch.transpose(s, 1, 2), r)
      parts.append(torch.view(torch.bmm(s, torch.narrow(keys, 1, 0, end)), [groups, each, n, d]))
    atQueries = torch.mul(torch.reshape(torch.cat(parts, 2), torch.size(q)), scale)
    return [atQueries, torch.reshape(atKeys, torch.size(k)), torch.reshape(atValues, torch.size(v))]

  # What heads see of x [B,T,d]: q [B,heads,T,D], k and v [B,shared,T,D].
  def projected(self: __torch__.K, x: Tensor, own: Dict[str, Tensor], norm: List[Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], cos: Tensor, sin: Tensor, heads: int, shared: int, lora: float, dropout: float, dtype: int) -> Tuple[Tensor, Tensor, Tensor]:
    wide = ops.prim.dtype(x)
    z = torch.to((self).normed(x, norm, eps), dtype)
    thin = (self).thinned(z, dropout)
    parts = annotate(List[Tensor], [])
    names = ["q", "k", "v"]
    first = 0
    for i in range(3):
      y = (self).project(z, weights[i], bias, i)
      y = (self).adapted(y, thin, own, names[i], 0, lora)
      y = (self).adapted(y, thin, own, "qkv", first, lora)
      first = first + torch.size(y, 2)
      parts.append(y)
    qNorm = annotate(List[Tensor], [])
    kNorm = annotate(List[Tensor], [])
    if len(headNorms) > 0:
      qNorm.append(headNorms[0])
      kNorm.append(headNorms[1])
    q = (self).rotated(parts[0], heads, qNorm, eps, cos, sin, wide, dtype)
    k = (self).rotated(parts[1], shared, kNorm, eps, cos, sin, wide, dtype)
    v0 = parts[2]
    v = torch.transpose(torch.view(v0, [torch.size(x, 0), torch.size(x, 1), shared, torch.size(v0, 2) // shared]), 1, 2)
    return (q, k, v)

  # What the attention adds to the residual stream, of type `wide`, for what its heads saw, y [B,heads,T,D].
  def attention(self: __torch__.K, y: Tensor, own: Dict[str, Tensor], eps: float, weights: List[Tensor], bias: List[Tensor], after: List[Tensor], lora: float, dropout: float, wide: int) -> Tensor:
    joined = torch.reshape(torch.transpose(y, 1, 2), [torch.size(y, 0), torch.size(y, 2), torch.size(y, 1) * torch.size(y, 3)])
    out = (self).project(joined, weights[3], bias, 3)
    out = (self).adapted(out, (self).thinned(joined, dropout), own, "o", 0, lora)
    return (self).normed(torch.to(out, wide), after, eps)

  # The shared expert, or a dense block: act(z Wgate) * (z Wup) or act(z Wup), times Wdown. z and thin [n,d] in the compute type;
  # bias: none, of each inward, or of these and down.
  def dense(self: __torch__.K, z: Tensor, thin: Tensor, own: Dict[str, Tensor], inward: List[Tensor], down: Tensor, bias: List[Tensor], act: int, lora: float, dropout: float) -> Tensor:
    h = (self).adapted((self).project(z, inward[0], bias, 0), thin, own, "shared.0", 0, lora)
    h = (self).activated(h, act)
    if len(inward) > 1:
      h = torch.mul(h, (self).adapted((self).project(z, inward[1], bias, 1), thin, own, "shared.1", 0, lora))
    y = (self).project(h, down, bias, len(inward))
    return (self).adapted(y, (self).thinned(h, dropout), own, "shared.down", 0, lora)

  # Scores of the E routed experts [n,E] of z [n,d], as inference has them.
  def scores(self: __torch__.K, z: Tensor, own: Dict[str, Tensor], linear: bool, act: int) -> Tensor:
    if linear:
      s = torch.linear(z, own["router.0"], own["router.1"])
    else:
      h = (self).activated(torch.linear(z, own["router.0"]), act)
      if torch.__contains__(own, "router.1"):
        h = torch.mul(h, torch.linear(z, own["router.1"]))
      s = torch.softmax(torch.abs(h), 1)
    return s

  # Gates [n,E] and which experts run [n,E], bool. The gates are those of inference: 1, or 1 + share * u, for the k experts with the
  # largest s + selection bias, else 0. `steer` lets the choice have a gradient (straight through): the k chosen and the first that was
  # not run, and d gate / d s is that of sigmoid(s - t), t half-way between the last chosen and the first left out.
  def gates(self: __torch__.K, scores: Tensor, selection: Tensor, own: Dict[str, Tensor], linear: bool, k: int, steer: bool) -> Tuple[Tensor, Tensor, Tensor]:
    preference = torch.add(scores, selection)
    ranked, order = torch.sort(torch.detach(preference), stable=True, dim=1, descending=True)
    none = torch.zeros_like(ranked)
    chosen = torch.scatter(none, 1, torch.narrow(order, 1, 0, k), 1.)
    gate = chosen
    if torch.__contains__(own, "gate_scale"):
      if linear:
        share = torch.softmax(scores, 1)
      else:
        share = scores
      gate = torch.mul(chosen, torch.add(torch.mul(share, own["gate_scale"]), 1.))
    runs = chosen
    if steer and k > 0 and k < torch.size(scores, 1):
      runs = torch.scatter(none, 1, torch.narrow(order, 1, 0, k + 1), 1.)
      edge = torch.mean(torch.narrow(ranked, 1, k - 1, 2), [1], True)
      soft = torch.mul(torch.sigmoid(torch.sub(preference, edge)), runs)
      gate = torch.add(gate, torch.sub(soft, torch.detach(soft)))
    return (gate, torch.gt(runs, 0.), chosen)

  # The experts' parts of a factor [E,..], in type `dtype`; none where it is not trained.
  def factors(self: __torch__.K, own: Dict[str, Tensor], name: str, dtype: int) -> List[Tensor]:
    parts = annotate(List[Tensor], [])
    if torch.__contains__(own, name):
      parts = torch.unbind(torch.to(own[name], dtype))
    return parts

  # y [n,d] plus the sum over the experts that run of gate times output. inward [E,rows,d], down [E,d,m]; bias: none or [E,rows]. What is
  # left out of the hidden neurons depends on the token alone, so that it is the same whether or not experts run that are not chosen. Tensors
  # are cut up whole: each cut by itself would have a gradient of the size of all. Gates weigh the m neurons instead of the d outputs.
  def routed(self: __torch__.K, y: Tensor, z: Tensor, thin: Tensor, own: Dict[str, Tensor], inward: Tensor, down: Tensor, bias: List[Tensor], gates: Tensor, runs: Tensor, act: int, lora: float, dropout: float) -> Tensor:
    wide = ops.prim.dtype(gates)
    m = torch.size(down, 2)
    ran = torch.contiguous(torch.t(runs))
    tokens = torch.select(torch.nonzero(ran), 1, 1)
    counts = torch.sum(ran, [1])
    sizes = annotate(List[int], [])
    for e in range(torch.size(inward, 0)):
      sizes.append(int(torch.select(counts, 0, e)))
    shares = torch.split_with_sizes(torch.unsqueeze(torch.masked_select(torch.t(gates), ran), 1), sizes)
    xs = torch.split_with_sizes(torch.index_select(z, 0, tokens), sizes)
    ts = xs
    kept = xs
    if dropout > 0.:
      ts = torch.split_with_sizes(torch.index_select(thin, 0, tokens), sizes)
      left = (self).thinned(torch.ones([torch.size(z, 0), m], dtype=ops.prim.dtype(z), device=ops.prim.device(z)), dropout)
      kept = torch.split_with_sizes(torch.index_select(left, 0, tokens), sizes)
    inA = (self).factors(own, "experts.in.a", ops.prim.dtype(z))
    inB = (self).factors(own, "experts.in.b", ops.prim.dtype(z))
    downA = (self).factors(own, "experts.down.a", ops.prim.dtype(z))
    downB = (self).factors(own, "experts.down.b", ops.prim.dtype(z))
    parts = annotate(List[Tensor], [])
    for e in range(torch.size(inward, 0)):
      if sizes[e] > 0:
        all = torch.select(inward, 0, e)
        h = (self).times(xs[e], all)
        if len(bias) > 0:
          h = torch.add(h, torch.select(bias[0], 0, e))
        if len(inA) > 0:
          h = torch.add(h, torch.linear(torch.linear(ts[e], inA[e]), inB[e]), alpha=lora)
        if torch.size(all, 0) > m:
          both = torch.chunk(h, 2, 1)
          h = torch.mul((self).activated(both[0], act), both[1])
        else:
          h = (self).activated(h, act)
        h = torch.to(torch.mul(torch.to(h, wide), shares[e]), ops.prim.dtype(z))
        out = (self).times(h, torch.select(down, 0, e))
        if len(downA) > 0:
          if dropout > 0.:
            h = torch.mul(h, kept[e])
          out = torch.add(out, torch.linear(torch.linear(h, downA[e]), downB[e]), alpha=lora)
        parts.append(out)
    return torch.index_add(y, 0, tokens, torch.to(torch.cat(parts, 0), wide))

  # What the feed-forward block adds, [n,d] for z [n,d], and how many tokens chose each expert, int64 [E].
  def mixture(self: __torch__.K, z: Tensor, own: Dict[str, Tensor], shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], selection: List[Tensor], linear: bool, act: int, k: int, steer: bool, lora: float, dropout: float, dtype: int) -> Tuple[Tensor, Tensor]:
    wide = ops.prim.dtype(z)
    x = torch.to(z, dtype)
    thin = (self).thinned(x, dropout)
    counts = torch.zeros([0], dtype=4)
    if len(shared) > 0:
      y = torch.to((self).dense(x, thin, own, shared, sharedDown[0], sharedBias, act, lora, dropout), wide)
    else:
      y = torch.zeros_like(z)
    if len(downBias) > 0:
      y = torch.add(y, torch.to(downBias[0], wide))
    if len(inward) > 0:
      gates, runs, chosen, = (self).gates((self).scores(z, own, linear, act), selection[0], own, linear, k, steer)
      counts = torch.to(torch.sum(chosen, [0]), 4)
      y = (self).routed(y, x, thin, own, inward[0], down[0], expertBias, gates, runs, act, lora, dropout)
    return (y, counts)

  # The layer after what its heads saw of x, y [B,heads,T,D]: its output [B,T,d] and how many tokens chose each expert.
  def completed(self: __torch__.K, x: Tensor, y: Tensor, own: Dict[str, Tensor], steer: bool, dropout: float, lora: float, weights: List[Tensor], bias: List[Tensor], after: List[Tensor], norm2: List[Tensor], after2: List[Tensor], shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], selection: List[Tensor], eps: float, parallel: bool, linear: bool, act: int, k: int, dtype: int) -> Tuple[Tensor, Tensor]:
    residual = torch.add(x, (self).attention(y, own, eps, weights, bias, after, lora, dropout, ops.prim.dtype(x)))
    seen = residual
    if parallel:
      seen = x
    rows = torch.reshape(seen, [torch.size(x, 0) * torch.size(x, 1), torch.size(x, 2)])
    z, counts, = (self).mixture((self).normed(rows, norm2, eps), own, shared, sharedDown, sharedBias, inward, down, expertBias, downBias, selection, linear, act, k, steer, lora, dropout, dtype)
    return (torch.add(residual, torch.reshape((self).normed(z, after2, eps), torch.size(x))), counts)

  # The layer: its output [B,T,d] and how many tokens chose each expert.
  def forward(self: __torch__.K, x: Tensor, own: Dict[str, Tensor], steer: bool, dropout: float, lora: float, norm: List[Tensor], weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], cos: Tensor, sin: Tensor, norm2: List[Tensor], after2: List[Tensor], shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], selection: List[Tensor], eps: float, heads: int, keyValueHeads: int, scale: float, cap: float, window: int, parallel: bool, linear: bool, act: int, k: int, dtype: int) -> Tuple[Tensor, Tensor]:
    q, keys, values, = (self).projected(x, own, norm, eps, weights, bias, headNorms, cos, sin, heads, keyValueHeads, lora, dropout, dtype)
    y = (self).mixed(q, keys, values, scale, cap, window)
    return (self).completed(x, y, own, steer, dropout, lora, weights, bias, after, norm2, after2, shared, sharedDown, sharedBias, inward, down, expertBias, downBias, selection, eps, parallel, linear, act, k, dtype)

  def none(self: __torch__.K, count: int) -> List[Optional[Tensor]]:
    all = annotate(List[Optional[Tensor]], [])
    for i in range(count):
      all.append(None)
    return all

  # Gradients at `leaves` for those that are given at `results`; none where no result depends on a leaf.
  def gradients(self: __torch__.K, results: List[Tensor], given: List[Tensor], leaves: List[Tensor]) -> List[Optional[Tensor]]:
    live = annotate(List[Tensor], [])
    at = annotate(List[Optional[Tensor]], [])
    for i in range(len(results)):
      if ops.prim.requires_grad(results[i]):
        live.append(results[i])
        at.append(given[i])
    if len(live) > 0:
      found = torch.grad(live, leaves, at, None, False, True)
    else:
      found = (self).none(len(leaves))
    return found

  # The sum of two lists, of which either may lack a tensor; zeros like `leaves` where both do.
  def sums(self: __torch__.K, leaves: List[Tensor], one: List[Optional[Tensor]], other: List[Optional[Tensor]]) -> List[Tensor]:
    all = annotate(List[Tensor], [])
    for i in range(len(leaves)):
      a = one[i]
      b = other[i]
      if torch.__isnot__(a, None):
        sum = unchecked_cast(Tensor, a)
        if torch.__isnot__(b, None):
          sum = torch.add(sum, unchecked_cast(Tensor, b))
      else:
        if torch.__isnot__(b, None):
          sum = unchecked_cast(Tensor, b)
        else:
          sum = torch.zeros_like(torch.detach(leaves[i]))
      all.append(sum)
    return all

  # The layer once more with its input x, and the gradients at x, first and only where `atInput`, and at each of `trained` for `gradient`
  # [B,T,d] at its output. `fixed` holds what `own` has beside what is trained. Where the engine would go back through plain causal attention
  # in float32 on a CPU, `unmixed` does.
  def backward(self: __torch__.K, gradient: Tensor, trained: Dict[str, Tensor], fixed: Dict[str, Tensor], x: Tensor, atInput: bool, steer: bool, dropout: float, lora: float, norm: List[Tensor], weights: List[Tensor], bias: List[Tensor], headNorms: List[Tensor], after: List[Tensor], cos: Tensor, sin: Tensor, norm2: List[Tensor], after2: List[Tensor], shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], selection: List[Tensor], eps: float, heads: int, keyValueHeads: int, scale: float, cap: float, window: int, parallel: bool, linear: bool, act: int, k: int, dtype: int) -> List[Tensor]:
    leaf = torch.detach(x)
    leaves = annotate(List[Tensor], [])
    if atInput:
      leaf = torch.requires_grad_(leaf)
      leaves.append(leaf)
    own = annotate(Dict[str, Tensor], {})
    for name in torch.keys(fixed):
      own[name] = fixed[name]
    for name in torch.keys(trained):
      parameter = torch.requires_grad_(torch.detach(trained[name]))
      leaves.append(parameter)
      own[name] = parameter
    wide = ops.prim.dtype(x)
    q, keys, values, = (self).projected(leaf, own, norm, eps, weights, bias, headNorms, cos, sin, heads, keyValueHeads, lora, dropout, dtype)
    needed = ops.prim.requires_grad(q) or ops.prim.requires_grad(keys) or ops.prim.requires_grad(values)
    if needed and cap == 0. and (window == 0 or window >= torch.size(q, 2)) and dtype == wide and not ops.prim.is_cuda(q):
      q0 = torch.detach(q)
      k0 = torch.detach(keys)
      v0 = torch.detach(values)
      y = torch.requires_grad_((self).mixed(q0, k0, v0, scale, cap, window))
      out, counts, = (self).completed(leaf, y, own, steer, dropout, lora, weights, bias, after, norm2, after2, shared, sharedDown, sharedBias, inward, down, expertBias, downBias, selection, eps, parallel, linear, act, k, dtype)
      behind = annotate(List[Tensor], [y])
      for i in range(len(leaves)):
        behind.append(leaves[i])
      later = (self).gradients([out], [gradient], behind)
      atHeads = (self).unmixed(q0, k0, v0, torch.detach(y), unchecked_cast(Tensor, later[0]), scale)
      result = (self).sums(leaves, torch.slice(later, 1), (self).gradients([q, keys, values], atHeads, leaves))
    else:
      y = (self).mixed(q, keys, values, scale, cap, window)
      out, counts, = (self).completed(leaf, y, own, steer, dropout, lora, weights, bias, after, norm2, after2, shared, sharedDown, sharedBias, inward, down, expertBias, downBias, selection, eps, parallel, linear, act, k, dtype)
      result = (self).sums(leaves, (self).gradients([out], [gradient], leaves), (self).none(len(leaves)))
    return result
