# Feed-forward blocks: dense, and a mixture of experts. Matrices inward: gate and up of a gated block, or up alone. act: 0 SiLU, 1 GELU,
# 2 its tanh form. z is the float32 input [n,d]; results are float32.

  # include shared

  # In place.
  def activated(self: __torch__.K, x: Tensor, act: int) -> Tensor:
    if act == 0:
      y = torch.silu_(x)
    else:
      if act == 1:
        y = torch.gelu_(x)
      else:
        y = torch.gelu_(x, approximate="tanh")
    return y

  # h = act(z Wgate) * (z Wup), or act(z Wup): [n,f]. inward [f,d] each; bias: none or of each, ...
  def hidden(self: __torch__.K, z: Tensor, inward: List[Tensor], bias: List[Tensor], act: int, dtype: int) -> Tensor:
    x = torch.to(z, dtype)
    h = (self).activated((self).project(x, inward[0], bias, 0), act)
    if len(inward) > 1:
      h = torch.mul_(h, (self).project(x, inward[1], bias, 1))
    return h

  # hidden, of both inward matrices stacked, [2f,d]. Few rows go through in one product; many in two, whose results lie by themselves.
  def hiddenOfBoth(self: __torch__.K, z: Tensor, both: Tensor, bias: List[Tensor], act: int, dtype: int) -> Tensor:
    f = torch.size(both, 0) // 2
    if torch.size(z, 0) <= 16:
      all = (self).times(torch.to(z, dtype), both)
      gate = torch.narrow(all, 1, 0, f)
      up = torch.narrow(all, 1, f, f)
      if len(bias) > 0:
        gate = torch.add(gate, bias[0])
        up = torch.add(up, bias[1])
      h = torch.mul((self).activated(gate, act), up)
    else:
      h = (self).hidden(z, [torch.narrow(both, 0, 0, f), torch.narrow(both, 0, f, f)], bias, act, dtype)
    return h

  # inward as for hidden, or both stacked; down [d,f]; bias: none, of each inward, or of these and down.
  def dense(self: __torch__.K, z: Tensor, inward: List[Tensor], down: Tensor, bias: List[Tensor], act: int, dtype: int) -> Tensor:
    matrices = len(inward)
    if torch.size(inward[0], 0) > torch.size(down, 1):
      h = (self).hiddenOfBoth(z, inward[0], bias, act, dtype)
      matrices = 2
    else:
      h = (self).hidden(z, inward, bias, act, dtype)
    return torch.to((self).project(h, down, bias, matrices), 6)

  # Scores of the E routed experts, float32 [n,E]. linear: parts = weight [E,d], bias [E]; else rows of each inward matrix [E,d].
  def scores(self: __torch__.K, z: Tensor, linear: bool, parts: List[Tensor], act: int) -> Tensor:
    if linear:
      s = torch.linear(z, parts[0], parts[1])
    else:
      h = (self).activated(torch.linear(z, parts[0]), act)
      if len(parts) > 1:
        h = torch.mul(h, torch.linear(z, parts[1]))
      s = torch.softmax(torch.abs(h), 1)
    return s

  # Gates [n,E] float32: 1 (or 1 + softmax(s) u) for the k experts with the largest s + selection bias, else 0.
  # scale: none or u [E]. The sort is stable so that of equal scores the lower expert wins.
  def ownGates(self: __torch__.K, scores: Tensor, selection: Tensor, scale: List[Tensor], linear: bool, k: int) -> Tensor:
    ranked, order = torch.sort(torch.add(scores, selection), stable=True, dim=1, descending=True)
    chosen = torch.narrow(order, 1, 0, k)
    off = torch.zeros_like(scores)
    if len(scale) > 0:
      if linear:
        share = torch.softmax(scores, 1)
      else:
        share = scores
      gate = torch.add(torch.mul(share, scale[0]), 1.)
      result = torch.scatter_(off, 1, chosen, torch.gather(gate, 1, chosen))
    else:
      result = torch.scatter_(off, 1, chosen, 1.)
    return result

  # Gates [n,E] float32 of the architecture glm4_moe: p = sigmoid(z W'), the k with the largest p + correction run, with k p / (sum of theirs).
  def sigmoidGates(self: __torch__.K, z: Tensor, weight: Tensor, correction: Tensor, k: int) -> Tensor:
    p = torch.sigmoid(torch.linear(z, weight))
    ranked, order = torch.sort(torch.add(p, correction), stable=True, dim=1, descending=True)
    chosen = torch.narrow(order, 1, 0, k)
    share = torch.gather(p, 1, chosen)
    share = torch.mul(torch.div(share, torch.add(torch.sum(share, [1], True), 1e-20)), float(k))
    return torch.scatter(torch.zeros_like(p), 1, chosen, share)

  # Gates [n,E] of a router of kind 1 bilinear, 2 linear, 3 sigmoid; [n,0] of kind 0, none. selection: none or [E].
  def gates(self: __torch__.K, z: Tensor, kind: int, parts: List[Tensor], selection: List[Tensor], scale: List[Tensor], act: int, k: int) -> Tensor:
    if kind == 0:
      result = torch.narrow(z, 1, 0, 0)
    else:
      if kind == 3:
        result = (self).sigmoidGates(z, parts[0], selection[0], k)
      else:
        result = (self).ownGates((self).scores(z, kind == 2, parts, act), selection[0], scale, kind == 2, k)
    return result

  # h of expert e for rows x in the compute type. inward: [E,2m,d] or [E,m,d], or its matrices [m,d] expert after expert; bias: none, [E,2m]
  # or [E,m]. The weights are views: nothing is copied.
  def expertHidden(self: __torch__.K, x: Tensor, inward: List[Tensor], bias: List[Tensor], e: int, experts: int, m: int, act: int) -> Tensor:
    if len(inward) == 1:
      all = torch.select(inward[0], 0, e)
      h = (self).times(x, all)
      if len(bias) > 0:
        h = torch.add_(h, torch.select(bias[0], 0, e))
      if torch.size(all, 0) > m:
        h = torch.mul((self).activated(torch.narrow(h, 1, 0, m), act), torch.narrow(h, 1, m, m))
      else:
        h = (self).activated(h, act)
    else:
      each = len(inward) // experts
      h = (self).activated((self).times(x, inward[e * each]), act)
      if each > 1:
        h = torch.mul_(h, (self).times(x, inward[e * each + 1]))
    return h

  # Down-projection of expert e: of [E,d,m], or the e-th of E matrices [d,m].
  def expertDown(self: __torch__.K, down: List[Tensor], e: int) -> Tensor:
    if len(down) == 1:
      weight = torch.select(down[0], 0, e)
    else:
      weight = down[e]
    return weight

  # shared: inward matrices, sharedDown: their down, or none; experts as for expertHidden and expertDown; sharedBias: none or [f] of
  # each inward; downBias: none or [d]; m: neurons of an expert. Tokens are sorted by expert, each expert is one product over contiguous weights,
  # and only the weights of experts that some token chose are touched.
  def mixture(self: __torch__.K, z: Tensor, shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], gates: Tensor, m: int, act: int, dtype: int) -> Tensor:
    if len(shared) > 0:
      y = (self).dense(z, shared, sharedDown[0], sharedBias, act, dtype)
    else:
      y = torch.zeros_like(z)
    if len(downBias) > 0:
      y = torch.add(y, torch.to(downBias[0], 6))
    experts = torch.size(gates, 1)
    if experts > 0:
      if torch.size(z, 0) == 1:
        x = torch.to(z, dtype)
        share = torch.select(gates, 0, 0)
        chosen = torch.nonzero(share)
        for i in range(torch.size(chosen, 0)):
          e = int(torch.select(chosen, 0, i))
          h = (self).expertHidden(x, inward, expertBias, e, experts, m, act)
          y = torch.add_(y, torch.to(torch.linear(h, (self).expertDown(down, e)), 6), alpha=float(torch.select(share, 0, e)))
      else:
        byExpert = torch.contiguous(torch.t(gates))
        # Rows of expert and token, in order of the experts.
        pairs = torch.nonzero(byExpert)
        tokens = torch.select(pairs, 1, 1)
        weight = torch.unsqueeze(torch.masked_select(byExpert, torch.ne(byExpert, 0.)), 1)
        counts = torch.count_nonzero(byExpert, 1)
        x = torch.index_select(torch.to(z, dtype), 0, tokens)
        parts = annotate(List[Tensor], [])
        first = 0
        for e in range(experts):
          count = int(torch.select(counts, 0, e))
          if count > 0:
            h = (self).expertHidden(torch.narrow(x, 0, first, count), inward, expertBias, e, experts, m, act)
            parts.append((self).times(h, (self).expertDown(down, e)))
            first = first + count
        if len(parts) > 0:
          y = torch.index_add_(y, 0, tokens, torch.mul(torch.to(torch.cat(parts, 0), 6), weight))
    return y
