# Feed-forward blocks: dense, and a mixture of experts. Matrices inward: gate and up of a gated block, or up alone. act: 0 SiLU, 1 GELU,
# 2 its tanh form. The input z [n,d] is float32, that of blocks maybe in the compute type x already. Outputs of blocks, scores and gates are
# float32; h, the activations, are in the compute type.

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

  # Products of x with the matrices inward of a block of f neurons, plus their biases: one for each matrix, but of stacked ones with biases a part for
  # gate and one for up.
  def inwardOf(self: __torch__.K, x: Tensor, inward: List[Tensor], bias: List[Tensor], f: int) -> List[Tensor]:
    parts = annotate(List[Tensor], [])
    if len(bias) > 0 and torch.size(inward[0], 0) > f:
      all = (self).times(x, inward[0])
      parts.append(torch.add(torch.narrow(all, 1, 0, f), bias[0]))
      parts.append(torch.add(torch.narrow(all, 1, f, f), bias[1]))
    else:
      for i in range(len(inward)):
        parts.append((self).project(x, inward[i], bias, i))
    return parts

  # h [n,f] of what inwardOf gives, which is written over.
  def gated(self: __torch__.K, parts: List[Tensor], f: int, act: int) -> Tensor:
    if len(parts) > 1:
      h = torch.mul_((self).activated(parts[0], act), parts[1])
    else:
      if torch.size(parts[0], 1) > f:
        h = torch.mul((self).activated(torch.narrow(parts[0], 1, 0, f), act), torch.narrow(parts[0], 1, f, f))
      else:
        h = (self).activated(parts[0], act)
    return h

  # hidden, of both inward matrices stacked, [2f,d]. Few rows go through in one product; many in two, whose results lie by themselves.
  def hiddenOfBoth(self: __torch__.K, z: Tensor, both: Tensor, bias: List[Tensor], act: int, dtype: int) -> Tensor:
    f = torch.size(both, 0) // 2
    if torch.size(z, 0) <= 16:
      h = (self).gated((self).inwardOf(torch.to(z, dtype), [both], bias, f), f, act)
    else:
      h = (self).hidden(z, [torch.narrow(both, 0, 0, f), torch.narrow(both, 0, f, f)], bias, act, dtype)
    return h

  # h [n,f] of a block of f neurons. inward: as for hidden, or both stacked; bias: as for hidden.
  def denseHidden(self: __torch__.K, z: Tensor, inward: List[Tensor], f: int, bias: List[Tensor], act: int, dtype: int) -> Tensor:
    if torch.size(inward[0], 0) > f:
      h = (self).hiddenOfBoth(z, inward[0], bias, act, dtype)
    else:
      h = (self).hidden(z, inward, bias, act, dtype)
    return h

  # The whole block: down [d,f]; bias: none, of each inward, or of these and down.
  def dense(self: __torch__.K, z: Tensor, inward: List[Tensor], down: Tensor, bias: List[Tensor], act: int, dtype: int) -> Tensor:
    f = torch.size(down, 1)
    matrices = len(inward)
    if torch.size(inward[0], 0) > f:
      matrices = 2
    return torch.to((self).project((self).denseHidden(z, inward, f, bias, act, dtype), down, bias, matrices), 6)

  # z w' + bias for the few rows [E,d] of a router, whose product with one row begins sooner as that of a vector.
  def scored(self: __torch__.K, z: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    if torch.size(z, 0) == 1:
      s = torch.unsqueeze(torch.addmv(bias, weight, torch.select(z, 0, 0)), 0)
    else:
      s = (self).project(z, weight, [bias], 0)
    return s

  # The k largest of each row of preferences [n,E], the largest first, of equal ones the lower: int64 [n,k].
  def first(self: __torch__.K, preference: Tensor, k: int) -> Tensor:
    if k == 1:
      most, order = torch.max(preference, 1, True)
    else:
      ranked, all = torch.sort(preference, stable=True, dim=1, descending=True)
      order = torch.narrow(all, 1, 0, k)
    return order

  # The same k of one row [1,E], in ascending order. Sorting a few numbers takes the engine longer, but says what comes first of what is not finite.
  def firstOfRow(self: __torch__.K, preference: Tensor, k: int) -> List[int]:
    numbers = annotate(List[float], torch.select(preference, 0, 0).tolist())
    chosen = annotate(List[int], [])
    total = sum(numbers)
    if total - total == 0.:
      for i in range(k):
        e = numbers.index(max(numbers))
        numbers[e] = -inf
        chosen.append(e)
    else:
      chosen = annotate(List[int], torch.select((self).first(preference, k), 0, 0).tolist())
    return sorted(chosen)

  # Scores of the E routed experts, float32 [n,E]. linear: parts = weight [E,d], bias [E]; else rows of each inward matrix [E,d].
  def scores(self: __torch__.K, z: Tensor, linear: bool, parts: List[Tensor], act: int) -> Tensor:
    if linear:
      s = (self).scored(z, parts[0], parts[1])
    else:
      experts = torch.size(parts[0], 0)
      products = annotate(List[Tensor], [])
      if len(parts) > 1 and torch.size(z, 0) >= 320:
        # Of as many rows as `times` calls many. So few columns take hardly longer than half of them, since z is read once.
        both = (self).times(z, torch.cat(parts, 0))
        products = [torch.narrow(both, 1, 0, experts), torch.narrow(both, 1, experts, experts)]
      else:
        for part in parts:
          products.append((self).times(z, part))
      h = (self).activated(products[0], act)
      if len(products) > 1:
        h = torch.mul(h, products[1])
      s = torch.softmax(torch.abs(h), 1)
    return s

  # What rows offer each expert, from own scores s [n,E]: their preference s + selection bias, and the gates, none where all are 1, that those have
  # which run: for a scale u [E], 1 + softmax(s) u. float32 [n,E].
  def ownOffer(self: __torch__.K, scores: Tensor, selection: Tensor, scale: List[Tensor], linear: bool) -> Tuple[Tensor, List[Tensor]]:
    gates = annotate(List[Tensor], [])
    if len(scale) > 0:
      shares = scores
      if linear:
        shares = torch.softmax(scores, 1)
      gates.append(torch.add(torch.mul(shares, scale[0]), 1.))
    return (torch.add(scores, selection), gates)

  # The same of a router of kind 1 bilinear, 2 linear, 3 sigmoid. That is the one of the architecture glm4_moe: p = sigmoid(z W'), preference p +
  # correction, gates p, which then share k among the experts that run. selection: [E].
  def offer(self: __torch__.K, z: Tensor, kind: int, parts: List[Tensor], selection: List[Tensor], scale: List[Tensor], act: int) -> Tuple[Tensor, List[Tensor]]:
    if kind == 3:
      p = torch.sigmoid((self).times(z, parts[0]))
      preference = torch.add(p, selection[0])
      gates = [p]
    else:
      preference, gates, = (self).ownOffer((self).scores(z, kind == 2, parts, act), selection[0], scale, kind == 2)
    return (preference, gates)

  # Gates [n,E] of what runs, the k experts that rows prefer most; 0 for the others. balanced: they share k.
  def run(self: __torch__.K, preference: Tensor, gates: List[Tensor], balanced: bool, k: int) -> Tensor:
    chosen = (self).first(preference, k)
    off = torch.zeros(torch.size(preference), dtype=6, device=ops.prim.device(preference))
    if len(gates) > 0:
      share = torch.gather(gates[0], 1, chosen)
      if balanced:
        share = torch.mul(torch.div(share, torch.add(torch.sum(share, [1], True), 1e-20)), float(k))
      result = torch.scatter_(off, 1, chosen, share)
    else:
      result = torch.scatter_(off, 1, chosen, 1.)
    return result

  # The same of one row: which experts run, in ascending order, and the gate of each.
  def runOfRow(self: __torch__.K, preference: Tensor, gates: List[Tensor], balanced: bool, k: int) -> Tuple[List[int], List[float]]:
    chosen = (self).firstOfRow(preference, k)
    share = annotate(List[float], [])
    if len(gates) > 0:
      all = annotate(List[float], torch.select(gates[0], 0, 0).tolist())
      total = 0.
      for e in chosen:
        total = total + all[e]
      factor = 1.
      if balanced:
        factor = float(k) / (total + 1e-20)
      for e in chosen:
        share.append(all[e] * factor)
    else:
      for e in chosen:
        share.append(1.)
    return (chosen, share)

  # Gates [n,E] for scores [n,E].
  def ownGates(self: __torch__.K, scores: Tensor, selection: Tensor, scale: List[Tensor], linear: bool, k: int) -> Tensor:
    preference, gates, = (self).ownOffer(scores, selection, scale, linear)
    return (self).run(preference, gates, False, k)

  # Gates [n,E]; [n,0] of kind 0, none.
  def gates(self: __torch__.K, z: Tensor, kind: int, parts: List[Tensor], selection: List[Tensor], scale: List[Tensor], act: int, k: int) -> Tensor:
    if kind == 0:
      result = torch.narrow(z, 1, 0, 0)
    else:
      preference, gates, = (self).offer(z, kind, parts, selection, scale, act)
      result = (self).run(preference, gates, kind == 3, k)
    return result

  # inwardOf of expert e for rows x in the compute type. inward: [E,2m,d] or [E,m,d], or its matrices [m,d] expert after expert; bias: none, [E,2m]
  # or [E,m]. The weights are views: nothing is copied.
  def expertInward(self: __torch__.K, x: Tensor, inward: List[Tensor], bias: List[Tensor], e: int, experts: int) -> List[Tensor]:
    parts = annotate(List[Tensor], [])
    if len(inward) == 1:
      parts.append((self).times(x, torch.select(inward[0], 0, e)))
      if len(bias) > 0:
        biased = torch.add_(parts[0], torch.select(bias[0], 0, e))
    else:
      each = len(inward) // experts
      for i in range(each):
        parts.append((self).times(x, inward[e * each + i]))
    return parts

  # Down-projection of expert e: of [E,d,m], or the e-th of E matrices [d,m].
  def expertDown(self: __torch__.K, down: List[Tensor], e: int) -> Tensor:
    if len(down) == 1:
      weight = torch.select(down[0], 0, e)
    else:
      weight = down[e]
    return weight

  # What all tokens get beside their experts, from h [n,f] of the shared expert, or none: float32 [n,d]. sharedDown: none or [d,f]; downBias: none or [d].
  def common(self: __torch__.K, x: Tensor, h: List[Tensor], sharedDown: List[Tensor], downBias: List[Tensor]) -> Tensor:
    if len(h) > 0:
      y = torch.to((self).times(h[0], sharedDown[0]), 6)
    else:
      y = torch.zeros_like(x, dtype=6)
    if len(downBias) > 0:
      y = torch.add(y, torch.to(downBias[0], 6))
    return y

  # The block for the one row x in the compute type: experts chosen, in ascending order, with the gates share. Weights push
  # everything out of the caches, so that what is small is fast only right behind something small: all products inward go first, then all
  # activations, then all products outward.
  def row(self: __torch__.K, x: Tensor, shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], chosen: List[int], share: List[float], experts: int, m: int, act: int) -> Tensor:
    parts = annotate(List[List[Tensor]], [])
    f = 0
    if len(shared) > 0:
      f = torch.size(sharedDown[0], 1)
      parts.append((self).inwardOf(x, shared, sharedBias, f))
    for e in chosen:
      parts.append((self).expertInward(x, inward, expertBias, e, experts))
    always = annotate(List[Tensor], [])
    hidden = annotate(List[Tensor], [])
    for i in range(len(parts)):
      if len(parts) > len(chosen) and i == 0:
        always.append((self).gated(parts[i], f, act))
      else:
        hidden.append((self).gated(parts[i], m, act))
    y = (self).common(x, always, sharedDown, downBias)
    for j in range(len(chosen)):
      y = torch.add_(y, (self).times(hidden[j], (self).expertDown(down, chosen[j])), alpha=share[j])
    return y

  # The block for one token, whose experts need no gates of the others. shared: inward matrices, sharedDown: their down, or none; sharedBias: none or
  # [f] of each inward; experts as for expertInward and expertDown; downBias: none or [d]; m: neurons of an expert; else as for offer and run.
  def mixtureOfOne(self: __torch__.K, z: Tensor, shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], kind: int, parts: List[Tensor], selection: List[Tensor], scale: List[Tensor], k: int, m: int, act: int, dtype: int) -> Tensor:
    chosen = annotate(List[int], [])
    share = annotate(List[float], [])
    experts = 0
    if kind > 0:
      experts = torch.size(selection[0], 0)
      preference, gates, = (self).offer(z, kind, parts, selection, scale, act)
      chosen, share, = (self).runOfRow(preference, gates, kind == 3, k)
    return (self).row(torch.to(z, dtype), shared, sharedDown, sharedBias, inward, down, expertBias, downBias, chosen, share, experts, m, act)

  # y [n,d] plus the rows of outputs by their gates [p,1], each at its token.
  def spread(self: __torch__.K, y: Tensor, outputs: List[Tensor], tokens: Tensor, gate: Tensor) -> Tensor:
    rows = outputs[0]
    if len(outputs) > 1:
      rows = torch.cat(outputs, 0)
    return torch.index_add_(y, 0, tokens, torch.mul_(torch.to(rows, 6), gate))

  # The block for rows z with gates [n,E], or [n,0]; else as for mixtureOfOne. Tokens are sorted by expert, each expert is one product over
  # contiguous weights, and only the weights of experts that some token chose are touched.
  def mixture(self: __torch__.K, z: Tensor, shared: List[Tensor], sharedDown: List[Tensor], sharedBias: List[Tensor], inward: List[Tensor], down: List[Tensor], expertBias: List[Tensor], downBias: List[Tensor], gates: Tensor, m: int, act: int, dtype: int) -> Tensor:
    x = torch.to(z, dtype)
    experts = torch.size(gates, 1)
    if torch.size(z, 0) == 1:
      chosen = annotate(List[int], [])
      share = annotate(List[float], [])
      all = annotate(List[float], torch.select(gates, 0, 0).tolist())
      for e in range(experts):
        if all[e] != 0.:
          chosen.append(e)
          share.append(all[e])
      y = (self).row(x, shared, sharedDown, sharedBias, inward, down, expertBias, downBias, chosen, share, experts, m, act)
    else:
      always = annotate(List[Tensor], [])
      if len(shared) > 0:
        always.append((self).denseHidden(x, shared, torch.size(sharedDown[0], 1), sharedBias, act, dtype))
      y = (self).common(x, always, sharedDown, downBias)
      if experts > 0:
        byExpert = torch.contiguous(torch.t(gates))
        # Pairs of expert and token, in order of the experts.
        pairs = torch.select(torch.nonzero(torch.view(byExpert, [-1])), 1, 0)
        tokens = torch.remainder(pairs, torch.size(z, 0))
        weight = torch.unsqueeze(torch.take(byExpert, pairs), 1)
        counts = annotate(List[int], torch.count_nonzero(byExpert, 1).tolist())
        rows = torch.split_with_sizes(torch.index_select(x, 0, tokens), counts)
        # So many rows or more are added at once. On a GPU, where the order of sums is open, those of one expert, among which no token is twice.
        least = 2048
        if ops.prim.is_cuda(y):
          least = 1
        outputs = annotate(List[Tensor], [])
        added = 0
        first = 0
        for e in range(experts):
          if counts[e] > 0:
            parts = (self).expertInward(rows[e], inward, expertBias, e, experts)
            outputs.append((self).times((self).gated(parts, m, act), (self).expertDown(down, e)))
            first = first + counts[e]
          if first - added >= least or (e == experts - 1 and first > added):
            y = (self).spread(y, outputs, torch.narrow(tokens, 0, added, first - added), torch.narrow(weight, 0, added, first - added))
            outputs = annotate(List[Tensor], [])
            added = first
    return y
